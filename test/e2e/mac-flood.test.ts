import { expect, test } from 'vitest'
import type { WorkerView } from '../../src/control/view.js'
import { EtherType, ethernet, frame as frameOf, station as mac } from '../support/frames.js'
import { lab, macOf, type Station, three } from '../support/lab.js'
import { type Linkspan, up } from '../support/linkspan.js'
import { finishPing, startPing } from '../support/netns.js'
import { packetSocket } from '../support/packet.js'
import { Random } from '../support/random.js'
import { until } from '../support/until.js'

const FRAMES = 1_000_000
const CAPACITY = 65_536

/** Sends frames of random stations to a quiet one until so many have come into the switch. */
async function flood(from: Station, to: Station, running: Linkspan): Promise<void> {
  const socket = packetSocket(from.netns)
  const random = new Random(1)
  const frame = ethernet(macOf(to), mac(1), EtherType.LOCAL, new Uint8Array(46))
  const view = new DataView(frame.buffer)
  for (;;) {
    for (let sent = 0; sent < 20_000; sent++) {
      view.setUint32(8, random.word())
      // What the interface has no room for is sent no more: only what comes in counts.
      socket.send(frame)
      if (sent % 500 === 0) await new Promise(setImmediate)
    }
    if ((await running.port(from.name)).rx.frames >= FRAMES) return
  }
}

test('CONFORMANCE T1, B10: a flood of random source MACs takes nothing from a quiet flow', async () => {
  const { stations, config } = lab(4, { ipv6: false })
  const running = await up({ ...config, capacity: { macs: CAPACITY } })
  const [a, b, c] = three(stations)
  // A guest behind d that speaks once: no kernel of ours answers a probe in its name.
  const silent = mac(0x77)
  packetSocket(stations[3]?.netns ?? '').send(frameOf(macOf(a), silent))
  await until('it to be learnt', async () => (await running.fdb())['02:00:00:00:00:77'])
  const flow = await startPing(a.netns, b.ip4)
  await flood(c, b, running)
  const { transmitted, received, duplicates } = await finishPing(flow)
  expect(transmitted).toBeGreaterThan(100)
  expect({ received, duplicates }).toEqual({ received: transmitted, duplicates: 0 })
  const fdb = await running.fdb()
  // The guest said nothing since before the flood: its entry was kept, not learnt again.
  expect(fdb).toMatchObject({ [a.mac]: 'a', [b.mac]: 'b', '02:00:00:00:00:77': 'd' })
  const ports = Object.values(fdb)
  expect(ports.length).toBeGreaterThan(CAPACITY / 2)
  expect(ports.length).toBeLessThanOrEqual(CAPACITY)
  const [worker] = await running.show<WorkerView[]>('workers')
  expect(worker?.learned).toBeGreaterThan(3 * CAPACITY)
}, 120_000)
