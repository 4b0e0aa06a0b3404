// Builds what is not built yet: npm run build [-- --only wasm|types|js|native|schema]
//
// A step is done again when the hash over its inputs has changed or something it made is gone; it
// takes the steps it needs with it. Only Node's own modules are imported before setup has run.
import { filesBelow, hashOf, isFresh, stamp, unstamp } from './lib/files.js'
import { at, HouseError, isMain, main } from './lib/house.js'
import { setup } from './setup.js'

async function loadSteps() {
  const [{ wasm }, { types }, { javascript }, { native }, { schema }] = await Promise.all([
    import('./steps/wasm.js'),
    import('./steps/types.js'),
    import('./steps/javascript.js'),
    import('./steps/native.js'),
    import('./steps/schema.js'),
  ])
  return [wasm, types, javascript, native, schema]
}

/** A step and all it needs, what is needed first. */
function withNeeds(steps, name) {
  const step = steps.find((candidate) => candidate.name === name)
  if (!step) {
    const names = steps.map((candidate) => candidate.name).join(', ')
    throw new HouseError(`build: --only ${name}: there is no such step, there are ${names}`)
  }
  return [...step.needs.flatMap((need) => withNeeds(steps, need)), step]
}

/** The tools are inputs of every step: a changed tool makes a changed product. */
const houseHash = () =>
  hashOf([
    ...[at('package-lock.json'), at('scripts/check-allocator.js')],
    ...[...filesBelow(at('scripts/steps')), ...filesBelow(at('scripts/lib'))],
  ])

async function runStep(step, house) {
  const start = performance.now()
  const line = (text) => console.log(`${`build: ${step.name}`.padEnd(14)} ${text}`)
  // Taken before the step runs: what is edited meanwhile makes the next build do it again.
  const hash = hashOf(step.inputs(), [house, ...(step.salt?.() ?? [])])
  if (isFresh(step.name, hash, step.outputs)) return line('up to date')
  unstamp(step.name)
  const what = await step.run()
  stamp(step.name, hash)
  return line(`${((performance.now() - start) / 1000).toFixed(1)} s  ${what}`)
}

/** Builds all, or one step with what it needs. */
export async function build(only) {
  const steps = await loadSteps()
  const house = houseHash()
  for (const step of only ? withNeeds(steps, only) : steps) await runStep(step, house)
}

function onlyOf(args) {
  if (args.length === 0) return undefined
  if (args.length === 2 && args[0] === '--only') return args[1]
  throw new HouseError(`build: ${args.join(' ')}: expected nothing, or --only STEP`)
}

if (isMain(import.meta)) {
  await main(() => {
    const only = onlyOf(process.argv.slice(2))
    setup()
    return build(only)
  })
}
