// npm start: from a fresh clone to frames that move. Builds what is not built, then runs the demo.
import { spawn } from 'node:child_process'
import { build } from './build.js'
import { at, isMain, main } from './lib/house.js'
import { statusOf } from './lib/run.js'
import { ensureTools, setup } from './setup.js'

/** The demo measures with these where they are, and does without where they are not. */
const demoTools = ['ip', 'ping', 'iperf3']

/**
 * Runs the demo on this terminal and resolves with its exit status. Signals go on to it, but for the
 * interrupt of a terminal, which reaches the whole process group by itself: a second one would cut
 * the cleaning up short.
 */
function demo(args) {
  const child = spawn(process.execPath, [at('dist/cli/linkspan.js'), 'demo', ...args], {
    stdio: 'inherit',
  })
  const onTerminal = process.stdin.isTTY || process.stdout.isTTY
  process.on('SIGINT', () => onTerminal || child.kill('SIGINT'))
  process.on('SIGTERM', () => child.kill('SIGTERM'))
  process.on('SIGHUP', () => child.kill('SIGHUP'))
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code, signal) => resolve(statusOf(code, signal)))
  })
}

if (isMain(import.meta)) {
  await main(async () => {
    setup()
    ensureTools(demoTools, { optional: true })
    await build()
    return demo(process.argv.slice(2))
  })
}
