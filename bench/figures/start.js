// From nothing to the first frame that crosses.
import { compiled } from '../lib/compile.js'
import { Lab } from '../lib/lab.js'
import { linkspanUp } from '../lib/peers/linkspan.js'
import { Background } from '../lib/process.js'

const milliseconds = (from, to) => Number(to - from) / 1e6

/** One start, measured from before the process is made. */
async function measure(lab, pump, { folder, signal }) {
  const watcher = new Background(pump, ['first', lab.endpoint('a'), lab.endpoint('b')])
  let running
  try {
    await watcher.until(/^waiting/, { signal })
    const [command, args] = linkspanUp(lab, folder)
    const begin = process.hrtime.bigint()
    running = new Background(command, args)
    const crossed = BigInt(await watcher.line({ signal, timeout: 40_000 }))
    return { value: milliseconds(begin, crossed) }
  } finally {
    await running?.stop()
    await watcher.stop()
  }
}

/** @type {import('../lib/figure.js').Figure} */
export const figure = {
  name: 'start',
  title: 'Start to first forwarded frame',
  unit: 'ms',
  better: 'less',
  needs: { root: true, commands: ['ip', 'cc'] },
  method:
    'From before `linkspan up` (two TAPs in two namespaces) is spawned until a frame has crossed; a sender waits for the interfaces and then tries every millisecond.',
  targets: [{ of: 'linkspan', atMost: 400 }],
  async setUp(context) {
    const pump = await compiled('pump')
    const lab = new Lab('start')
    context.cleanup.add(() => lab.tearDown())
    await lab.setUp()
    const first = () => measure(lab, pump, context)
    await first() // the files are in the page cache then, as they are for all that follow
    return { contestants: [{ name: 'linkspan', label: 'Linkspan', measure: first }] }
  },
}
