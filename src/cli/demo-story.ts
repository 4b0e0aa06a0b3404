/** What the demo shows in its lab, in order. */
import { type RunningSwitch, startSwitch } from '../control/running.js'
import { serve } from '../control/server.js'
import { socketGuard } from '../control/socket.js'
import { dropViews, portViews, workerViews } from '../control/view.js'
import { isSystemError } from '../device/error.js'
import { Interrupted } from './demo-interrupt.js'
import type { Lab } from './demo-lab.js'
import { self } from './demo-next.js'
import { isInside } from './demo-place.js'
import { findPrograms } from './demo-programs.js'
import type { Screen } from './demo-screen.js'
import { pingPairs, runStreams } from './demo-traffic.js'
import { show } from './show.js'
import type { Subject } from './subjects.js'
import { short } from './table.js'
import { version } from './version.js'

/** The system does not let us build the lab; the message says what it said. */
export class Refused extends Error {}

/** @param stop aborts the story; it is called when the switch is told to stop, or fails */
export async function tellStory(lab: Lab, screen: Screen, stop: AbortController): Promise<void> {
  const begin = performance.now()
  build(lab, screen)
  const running = await start(lab, screen)
  try {
    running.on('worker', ({ error }) => stop.abort(new Error(`a worker died: ${error}`)))
    await withSocket(running, lab.socket, stop, () => scenes(lab, running, screen, stop.signal))
    summary(running, screen, begin)
  } finally {
    await running.close()
  }
}

function build(lab: Lab, screen: Screen): void {
  screen.heading('The lab')
  try {
    lab.build()
  } catch (error) {
    throw new Refused((error as Error).message)
  }
  const where = isInside ? ', inside a user namespace, which needs no root' : ''
  screen.line(`four hosts, each a network namespace${where}:`)
  for (const { name, netns, addresses } of lab.hosts) {
    screen.line(`  ${name}  ${addresses.map(({ address }) => address).join('  ')}  ${netns}`)
  }
}

async function start(lab: Lab, screen: Screen): Promise<RunningSwitch> {
  screen.heading('The switch')
  const begin = performance.now()
  try {
    const running = await startSwitch(lab.config)
    const elapsed = Math.round(performance.now() - begin)
    const workers = running.workers.length
    screen.line(`started in ${elapsed} ms: ${workers} worker, a TAP called eth0 in every namespace`)
    return running
  } catch (error) {
    const refused = isSystemError(error) && ['EPERM', 'EACCES'].includes(error.code)
    throw refused ? new Refused(error.message) : error
  }
}

/** Serves the control socket, so that the demo's tables are those that `linkspan show` prints. */
async function withSocket(
  running: RunningSwitch,
  socket: string,
  stop: AbortController,
  action: () => Promise<void>,
): Promise<void> {
  const onStop = () => stop.abort(new Interrupted('linkspan down', 0))
  const guard = socketGuard({ mode: '0600' })
  const server = await serve(running, { socket, guard, version, onStop })
  try {
    await action()
  } finally {
    await server.close()
  }
}

async function scenes(
  lab: Lab,
  running: RunningSwitch,
  screen: Screen,
  signal: AbortSignal,
): Promise<void> {
  const programs = findPrograms()
  const stage = { lab, running, screen, programs, signal }
  const look = (subject: Subject) => {
    screen.command(`linkspan show ${subject}`)
    return show(subject, { socket: lab.socket })
  }
  screen.line(`to look on meanwhile: ${self} show ports --watch --socket ${lab.socket}`)
  screen.heading(`Every pair, both ways (${programs.echo})`)
  await pingPairs(stage)
  screen.heading('What the switch has learnt')
  await look('fdb')
  screen.heading(`Throughput (${programs.bulk})`)
  await runStreams(stage)
  screen.heading('What has crossed it')
  await look('ports')
  await look('workers')
}

function summary(running: RunningSwitch, screen: Screen, begin: number): void {
  const ports = portViews(running)
  const sum = (values: readonly number[]) => values.reduce((all, value) => all + value, 0)
  const frames = sum(ports.map(({ rx }) => rx.frames))
  const bytes = sum(ports.map(({ rx }) => rx.bytes))
  const lost = sum(ports.map(({ kernelDrops }) => kernelDrops ?? 0))
  const drops = dropViews(running).map(({ port, reason, frames: n }) => `${n} ${reason} at ${port}`)
  const bursts = sum(workerViews(running).map((worker) => worker.bursts))
  screen.heading('In all')
  screen.line(`${frames} frames, ${short(bytes)}bytes, in ${bursts} bursts`)
  screen.line(
    `dropped by the switch: ${drops.join(', ') || 'none'}; by the kernel: ${lost || 'none'}`,
  )
  screen.line(`shown in ${((performance.now() - begin) / 1000).toFixed(1)} s`)
}
