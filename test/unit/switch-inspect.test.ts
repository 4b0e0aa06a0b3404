/** The library: what a switch would do with a frame, and the frames that pass. */

import { expect, test } from 'vitest'
import { createSwitch, type ObservedFrame } from '../../src/index.js'
import { BROADCAST, frame, packet, station } from '../support/frames.js'

const [A, B] = [station(1), station(2)]

async function twoPorts() {
  const sw = await createSwitch({ bridges: { lan: {} } })
  return { sw, a: sw.addPort('a', { bridge: 'lan' }), b: sw.addPort('b', { bridge: 'lan' }) }
}

test('trace says what would be done, and does nothing', async () => {
  const { sw, b } = await twoPorts()
  const trace = sw.trace('a', frame(B, A))
  expect(trace).toMatchObject({ verdict: 'flooded', port: 'a', bridge: 'lan', vlan: null })
  expect(trace.outputs.map(({ port }) => port)).toEqual(['b'])
  sw.process()
  expect([b.take(), sw.fdb.list(), b.counters().txFrames]).toEqual([[], [], 0])
  expect(() => sw.trace('c', frame(B, A))).toThrow(/no port "c"/)
  sw.close()
  expect(() => sw.trace('a', frame(B, A))).toThrow(/closed/)
})

test('capture gives what the filter keeps, until it is closed', async () => {
  const { sw, a } = await twoPorts()
  const all: ObservedFrame[] = []
  const sent: ObservedFrame[] = []
  const dropped: ObservedFrame[] = []
  const captures = [
    sw.capture({}, (one) => all.push(one)),
    sw.capture(
      { port: 'b', direction: 'transmit', address: '10.55.0.0/16', snapLength: 20 },
      (one) => sent.push(one),
    ),
    sw.capture({ dropped: true }, (one) => dropped.push(one)),
  ]
  sw.advance(1000)
  const tcp = packet({ to: B, from: A }).frame
  a.send(tcp)
  a.send(frame(BROADCAST, A))
  a.send(frame(B, BROADCAST))
  sw.process()
  expect(all.map(({ port, direction }) => `${port} ${direction}`).sort()).toEqual([
    ...['a receive', 'a receive', 'a receive', 'b transmit', 'b transmit'],
  ])
  expect(sent).toEqual([
    {
      port: 'b',
      direction: 'transmit',
      dropped: null,
      length: tcp.length,
      frame: tcp.slice(0, 20),
      time: 1000,
    },
  ])
  expect(dropped.map((one) => one.dropped?.reason)).toEqual(['source-invalid'])
  for (const capture of captures) capture.close()
  a.send(tcp)
  sw.process()
  expect([all.length, sent.length]).toEqual([5, 1])
})

test('a capture may close itself in the middle, and others go on', async () => {
  const { sw, a } = await twoPorts()
  let [mine, others] = [0, 0]
  const capture = sw.capture({ direction: 'receive' }, () => {
    mine++
    capture.close()
  })
  sw.capture({ direction: 'receive' }, () => others++)
  for (let mark = 0; mark < 5; mark++) a.send(frame(B, A, mark))
  sw.process()
  expect([mine, others]).toEqual([1, 5])
})

test('32 captures run at once, and again when one has ended', async () => {
  const { sw } = await twoPorts()
  const captures = Array.from({ length: 32 }, () => sw.capture({}, () => {}))
  expect(() => sw.capture({}, () => {})).toThrow(/32 captures/)
  captures[7]?.close()
  sw.capture({}, () => {}).close()
  expect(() => sw.capture({ port: 'x' }, () => {})).toThrow(/no port "x"/)
  expect(() => sw.capture({ vlan: '5000' }, () => {})).toThrow(/1 to 4094/)
})

test('a frame that is shorter than a MAC, on a bridge with a gateway', async () => {
  const sw = await createSwitch({ bridges: { lan: { gateway: { addresses: ['10.55.0.1/24'] } } } })
  sw.addPort('a', { bridge: 'lan' })
  for (const length of [0, 5]) {
    const { verdict, drops } = sw.trace('a', new Uint8Array(length))
    expect([verdict, drops[0]?.reason]).toEqual(['dropped', 'short-frame'])
  }
  sw.close()
})
