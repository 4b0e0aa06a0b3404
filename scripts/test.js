// npm test: all there is to check. What stands after `--` goes to vitest.
//
// The last line is always `N passed, N failed`. What fails before vitest can count (tools, build,
// lint, types, a test file that does not load) counts as a failure too.
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { build } from './build.js'
import { at, isMain, report } from './lib/house.js'
import { mustNode, statusOf } from './lib/run.js'
import { lint } from './lint.js'
import { ensureBrowser, ensureTools, setup, testTools } from './setup.js'

const results = at('build', 'test-results.json')

/** Runs a stage; prints why it failed. */
async function passes(stage) {
  try {
    return (await stage()) !== false
  } catch (error) {
    report(error)
    return false
  }
}

async function prepare() {
  setup()
  if (process.platform === 'linux') {
    ensureTools(testTools)
    ensureBrowser()
  }
  await build()
}

/** vitest runs TypeScript without looking at types: the compiler does, over tests and bench too. */
const checkTypes = () =>
  mustNode('test: tsc', at('node_modules/typescript/bin/tsc'), ['-p', 'test', '--pretty', 'false'])

function runVitest(args) {
  mkdirSync(dirname(results), { recursive: true })
  rmSync(results, { force: true })
  const vitest = at('node_modules/vitest/vitest.mjs')
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${results}`]
  const child = spawn(process.execPath, [vitest, 'run', ...reporters, ...args], {
    cwd: at('.'),
    stdio: 'inherit',
    env: { ...(!process.stdout.isTTY && { NO_COLOR: '1' }), ...process.env },
  })
  // The interrupt of a terminal reaches vitest by itself; wait for it to clean up.
  process.on('SIGINT', () => {})
  process.on('SIGTERM', () => child.kill('SIGTERM'))
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code, signal) => resolve(statusOf(code, signal)))
  })
}

/** Counts what vitest ran. A status that the counts do not explain is a failure of its own. */
function count(status) {
  if (!existsSync(results)) return { passed: 0, failed: 1 }
  const { numPassedTests, numFailedTests, testResults } = JSON.parse(readFileSync(results, 'utf8'))
  const isBroken = ({ status: state, assertionResults }) =>
    state === 'failed' && !assertionResults.some((test) => test.status === 'failed')
  const failed = numFailedTests + testResults.filter(isBroken).length
  return { passed: numPassedTests, failed: failed || Number(status !== 0) }
}

async function test(args) {
  if (!(await passes(prepare))) return { passed: 0, failed: 1 }
  const checks = [await passes(lint), await passes(checkTypes)]
  const { passed, failed } = count(await runVitest(args))
  return { passed, failed: failed + checks.filter((ok) => !ok).length }
}

if (isMain(import.meta)) {
  const { passed, failed } = await test(process.argv.slice(2)).catch((error) => {
    report(error)
    return { passed: 0, failed: 1 }
  })
  console.log(`${passed} passed, ${failed} failed`)
  process.exitCode = failed > 0 ? 1 : 0
}
