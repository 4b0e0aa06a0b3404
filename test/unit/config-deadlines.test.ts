/** What a change of config asks time for, while a worker does what time asks for by the config before. */
import { once } from 'node:events'
import { setImmediate } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { expect, test } from 'vitest'
import { Rig } from '../support/rig.js'

/** DIRECTORY and Directory.INTERFACES of assembly/memory.ts; shared words of an interface, and the first FID. */
const INTERFACES = 0x10000 + 212
const SHARED_SIZE = 64
const FID = 1
const CHANGES = 300

test('an interface that comes or changes is announced, whatever a worker does in that moment', async () => {
  const rig = new Rig('shared').bridge('lan')
  const { module, memory } = rig.attachment
  const words = new Int32Array(new SharedArrayBuffer(8))
  const thread = new Worker(new URL('../support/tick-worker.mjs', import.meta.url), {
    workerData: { module, memory, worker: 0, words, now: 1000 },
  })
  await once(thread, 'message')
  const view = new DataView(memory.buffer)
  const announced = () => view.getUint32(view.getUint32(INTERFACES, true) + FID * SHARED_SIZE, true)
  try {
    for (let change = 1; change <= CHANGES; change++) {
      const mac = `02:ff:00:00:00:${(change & 0xff).toString(16).padStart(2, '0')}`
      rig.topology.router.setInterface(
        { bridge: 'lan' },
        { mac, addresses: ['10.1.0.1/24'], mtu: 1500, advertise: false, uplink: false },
      )
      while (!rig.topology.flush()) await setImmediate()
      const looks = Atomics.load(words, 1) + 20
      while (Atomics.load(words, 1) < looks) await setImmediate()
      // The number of the identity that the interface has now.
      expect(announced()).toBe(change)
    }
  } finally {
    Atomics.store(words, 0, 1)
    await once(thread, 'exit')
  }
})
