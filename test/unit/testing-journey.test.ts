/** Ways of packets, put together from what a capture saw: equal ones are told apart as far as can be. */
import { expect, test } from 'vitest'
import '../../src/vitest/index.js'
import { createLab } from '../../src/testing/index.js'
import { type Journey, journeysOf } from '../../src/testing/seeing/journey.js'

/** Two hosts with IPv6 only: their equal datagrams are equal to the octet. */
async function equals() {
  const lab = await createLab({ seed: 7 })
  lab.bridge('lan', { gateway: ['fd55::1/64'] })
  const [a, b] = [lab.host('a'), lab.host('b')]
  await a.ping(b)
  const file = lab.capture()
  const socket = a.udp(9)
  b.udp(53)
  const send = () => socket.send(b, 53, 'equal')
  const sent = () => journeysOf(file.frames, lab.view).filter(({ from }) => from === 'a')
  const ways = () => sent().map(places)
  return { lab, send, ways }
}

const places = ({ hops }: Journey) =>
  hops.map(
    ({ time, link, direction, lost }) => `${time} ${link} ${direction}${lost ? ` ${lost}` : ''}`,
  )

test('equal packets that are under way at once have a way each', async () => {
  const { lab, send, ways } = await equals()
  lab.link('b').set({ delay: 10 })
  await Promise.all([send(), send()])
  await lab.advance('1s')
  const [first, second] = ways()
  expect([first?.length, second?.length]).toEqual([2, 2])
  await lab.close()
})

test('what is lost has no way on, though an equal packet comes', async () => {
  const { lab, send, ways } = await equals()
  lab.link('a').set({ out: { delay: 10 } })
  await send()
  lab.link('a').set({ out: { up: false } })
  await send()
  await lab.advance('1s')
  expect(ways()).toEqual([['0 a out', '10 b in'], ['0 a out down']])
  await lab.close()
})

test('one after the other, the later one is of the later', async () => {
  const { lab, send, ways } = await equals()
  lab.link('b').set({ in: { loss: 1 } })
  await send()
  await lab.advance('1s')
  lab.link('b').set({ in: { loss: null } })
  await send()
  await lab.advance('1s')
  expect(ways()).toEqual([
    ['0 a out', '0 b in loss'],
    ['1000 a out', '1000 b in'],
  ])
  await lab.close()
})

test('echoes and errors are known again behind NAT, and so are both ways of TCP', async () => {
  const lab = await createLab({ seed: 7 })
  const lan = lab.bridge('lan', { gateway: ['10.55.0.1/24'] })
  const net = lab.bridge('net', { subnets: ['203.0.113.0/24'] })
  lab.router({
    uplinks: { wan: { bridge: net, addresses: ['203.0.113.10/24'] } },
    nat: [{ type: 'masquerade', from: { bridge: 'lan' }, uplink: 'wan' }],
  })
  const [inside, web] = [lab.host('inside', { bridge: lan }), lab.host('web', { bridge: net })]
  lab.capture()
  await inside.ping(web)
  await inside.udp().send(web, 9, 'nobody')
  await lab.advance('1s')
  web.listen(80, (connection) => connection.readable.pipeTo(connection.writable))
  const connection = await inside.connect(web, 80)
  await connection.close()
  const [there, back] = [
    { from: inside, to: web },
    { from: web, to: inside },
  ]
  expect(lab).toHaveDelivered({ ...there, text: 'echo request', times: 1 })
  expect(lab).toHaveDelivered({ ...back, text: 'echo reply', times: 1 })
  expect(lab).toHaveDelivered({ ...back, text: 'udp port 9 unreachable', times: 1 })
  expect(lab).toHaveDelivered({ ...there, text: 'Flags [S]', times: 1 })
  expect(lab).toHaveDelivered({ ...back, text: 'Flags [S.]', times: 1 })
  // All that came had been sent by one of both, or by the router for a MAC.
  const journeys = journeysOf(lab.view.captures[0]!.frames, lab.view)
  const strays = journeys.filter(({ from }) => from === undefined)
  expect(
    strays.flatMap(({ hops }) => hops.flatMap(({ packet }) => packet.protocols)),
  ).not.toContain('tcp')
  const icmp = journeys.filter(({ hops }) => hops[0]?.packet.protocols.includes('icmp'))
  const links = icmp.map(({ hops }) => hops.map(({ link }) => link))
  const [out, back4] = [
    ['inside', 'wan.net', 'web'],
    ['web', 'wan.net', 'inside'],
  ]
  expect(links).toEqual([out, back4, back4])
  await lab.close()
})
