/** Descriptors are taken back from the workers before whoever had them may close them. */
import { expect, test } from 'vitest'
import type { PortHost } from '../../src/control/port-host.js'
import { PortQueues } from '../../src/control/queues.js'
import { firstWorkers, Readers } from '../../src/control/readers.js'
import { Detours } from '../../src/detour/detours.js'
import type { Device } from '../../src/device/device.js'
import { type Queue, QueueKind } from '../../src/device/queue.js'
import { Rig } from '../support/rig.js'

const queue = (fd: number): Queue => ({ fd, kind: QueueKind.STREAM })

/** A host whose one worker is the rig's, as the running switch settles it. */
function hostOf({ manager, topology }: Rig): PortHost {
  return {
    manager,
    topology,
    pollers: [{ epoll: -1, event: -1 }],
    readers: new Readers(firstWorkers(1)),
    detours: new Detours(1, (why) => expect.unreachable(why)),
    settle: async () => {
      while (!topology.flush() || !topology.settled()) {
        await new Promise((resolve) => setTimeout(resolve, 1))
      }
    },
    report: () => {},
  }
}

/** Lets whatever can go on do so. */
const pause = () => new Promise((resolve) => setTimeout(resolve, 20))

test('a worker that has passed the change that tells of a hang-up may still have the descriptor', async () => {
  const rig = new Rig('shared').port('a')
  const host = hostOf(rig)
  const index = rig.topology.port('a').index
  const queues = new PortQueues(host, index, (error) => expect.unreachable(error.message))
  queues.lend([queue(40)])
  const written = () => {
    const words = new Int32Array(rig.attachment.memory.buffer)
    return words[rig.forwarder.queues / 4 + index * 4]
  }
  // That the link is down is in force before the queues are taken back, and the worker passes it.
  rig.topology.setPort('a', { up: false })
  expect(rig.topology.flush()).toBe(true)
  rig.forwarder.enter()
  expect(rig.topology.settled()).toBe(true)
  expect(written()).toBe(40) // which the worker may be about to use
  const device = { queues: [] as readonly Queue[] } as Device
  let closable = false
  const change = queues
    .change(device, [queue(40)], () => true)
    .then(() => {
      closable = true
    })
  await pause()
  expect(written()).toBe(-1)
  expect(closable).toBe(false)
  rig.forwarder.enter() // its next turn
  await change
})
