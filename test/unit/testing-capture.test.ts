/** What a capture of the lab says: frames, lines, and why something was lost. */
import { expect, test } from 'vitest'
import { readCapture } from '../../src/packet/capture/reader.js'
import { createLab, decode } from '../../src/testing/index.js'

const closed = { name: 'no-dns', action: 'deny', protocol: 'udp', destinationPort: 53 } as const

async function two() {
  const lab = await createLab({ seed: 7, config: { filter: [closed] } })
  lab.bridge('lan', { gateway: ['10.55.0.1/24'] })
  const [a, b] = [lab.host('a'), lab.host('b')]
  await a.ping(b)
  return { lab, a, b, socket: a.udp(9) }
}

test('frames have time, link, direction and octets', async () => {
  const { lab, a, b } = await two()
  const file = lab.capture()
  lab.link(b).set({ delay: 1.25 })
  await a.ping(b, { size: 3 })
  expect(file.frames.map(({ octets, ...frame }) => frame)).toEqual([
    { time: 0, link: 'a', direction: 'out', switch: null, lost: null },
    { time: 1.25, link: 'b', direction: 'in', switch: null, lost: null },
    { time: 1.25, link: 'b', direction: 'out', switch: null, lost: null },
    { time: 2.5, link: 'a', direction: 'in', switch: null, lost: null },
  ])
  expect(decode(file.frames[3]!.octets)).toBe(
    'IP 10.55.0.3 > 10.55.0.2: ICMP echo reply, id 11422, seq 0, length 11',
  )
  await lab.close()
})

test('frames may be asked for at any time, and are those of the file', async () => {
  const { lab, a, b } = await two()
  const file = lab.capture()
  expect(file.frames).toEqual([])
  const before = file.frames
  // More than a chunk of the file.
  for (let round = 0; round < 3; round++) {
    await a.ping(b, { count: 200, interval: 0, size: 1400 })
    expect(file.frames).toHaveLength(800 * (round + 1))
    expect(file.frames).toBe(file.frames)
  }
  expect(before).toEqual([])
  const { packets } = readCapture(file.bytes())
  expect(packets.map(({ frame }) => frame)).toEqual(file.frames.map(({ octets }) => octets))
  await lab.close()
})

test('what links lose, either way, and what a switch drops is said with its reason', async () => {
  const { lab, a, b, socket } = await two()
  const file = lab.capture()
  await socket.send(b, 53, 'denied')
  lab.link(b).set({ in: { loss: 1 } })
  await socket.send(b, 54, 'lost on its way to b')
  lab.link(a).set({ out: { up: false } })
  await socket.send(b, 55, 'lost on its way from a')
  await lab.advance('1ms')
  expect(file.text()).toBe(
    [
      '     0.000 a out IP 10.55.0.2.9 > 10.55.0.3.53: UDP, length 6',
      '     0.000 a out IP 10.55.0.2.9 > 10.55.0.3.54: UDP, length 20',
      '     0.000 a out IP 10.55.0.2.9 > 10.55.0.3.55: UDP, length 22 [lost on link a: down]',
      '     0.000 b in  IP 10.55.0.2.9 > 10.55.0.3.54: UDP, length 20 [lost on link b: loss]',
      '     0.000 a out IP 10.55.0.2.9 > 10.55.0.3.53: UDP, length 6 [dropped by switch: filter-denied]',
      '',
    ].join('\n'),
  )
  expect(String(file)).toBe(file.text())
  const comments = readCapture(file.bytes()).packets.map((packet) => packet.comments)
  expect(comments).toEqual([[], [], ['lost: down'], ['lost: loss'], ['dropped: filter-denied']])
  expect(file.frames.at(-1)).toMatchObject({ link: 'a', switch: 'switch', lost: 'filter-denied' })
  await lab.close()
})

test('drops are those of every switch, also of later ones and by uplinks, until it stops', async () => {
  const lab = await createLab({ seed: 7 })
  const file = lab.capture()
  const net = lab.bridge('net', { subnets: ['203.0.113.0/24'] })
  const edge = lab.switch('edge')
  const lan = edge.bridge('lan', { gateway: ['10.55.0.1/24'] })
  edge.router({ uplinks: { wan: { bridge: net, addresses: ['203.0.113.9/24'] } } })
  const outer = lab.host('outer', { bridge: net, gateway: '203.0.113.9' })
  const inner = lab.host('inner', { bridge: lan })
  lab.link('edge:wan.net').set({ delay: '1ms' })
  await outer.ping('198.51.100.1')
  await inner.ping('198.51.100.2')
  const drops = () => file.frames.filter((frame) => frame.lost === 'no-route')
  expect(drops()).toMatchObject([
    { switch: 'edge', link: 'edge:wan.net', direction: 'in' },
    { switch: 'edge', link: 'inner', direction: 'out' },
  ])
  file.stop()
  await inner.ping('198.51.100.2')
  expect(drops()).toHaveLength(2)
  await lab.close()
})

test('as many captures as one likes', async () => {
  const { lab, a, b, socket } = await two()
  const files = Array.from({ length: 40 }, () => lab.capture())
  await socket.send(b, 53, 'denied')
  await lab.advance('1ms')
  for (const file of files)
    expect(file.frames.map(({ lost }) => lost)).toEqual([null, 'filter-denied'])
  for (const file of files) file.stop()
  const last = lab.capture()
  await a.udp(10).send(b, 53, 'denied')
  await lab.advance('1ms')
  expect(last.frames).toHaveLength(2)
  await lab.close()
  last.stop()
})
