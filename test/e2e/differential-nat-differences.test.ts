/** Where Linkspan and the kernel's NAT differ on purpose: each a line in docs/conformance.md. */
import { expect, test } from 'vitest'
import { exchange, type Outputs, sourceOf } from '../support/differential-nat/exchange.js'
import { Flag, fragmentsOf, packet, tcp, udp } from '../support/differential-nat/packets.js'
import { type End, EXTERNAL, GATEWAY, HOSTS } from '../support/differential-nat/places.js'
import { kernelRouter, linkspanRouter, type Router } from '../support/differential-nat/sides.js'
import { pattern } from '../support/ip.js'

const [ONE, OTHER] = [
  ['198.51.100.1', 53],
  ['198.51.100.2', 53],
] as const
const DATA = pattern(20)

/** Linkspan first. */
async function both(options = {}): Promise<[Router, Router]> {
  return [await linkspanRouter(), await kernelRouter(options)]
}

function through(routers: readonly Router[], from: End, ...packets: Uint8Array[]) {
  return Promise.all(routers.map((router) => exchange(router, from, packets)))
}

const sourcePort = (one: Uint8Array | undefined) =>
  one && ((one[20] as number) << 8) | (one[21] as number)
const counts = ({ inside, outside }: Outputs) => ({
  inside: inside.length,
  outside: outside.length,
})

test('A1 A4: an endpoint has one random port here; there its own, or another for each destination', async () => {
  const routers = await both()
  // The second host cannot have the port that the first has, where both talk to one.
  const [first, second] = [
    [HOSTS[1], 4000],
    [HOSTS[2], 4000],
  ] as const
  const sent = [udp(first, ONE, DATA), udp(second, OTHER, DATA), udp(second, ONE, DATA)]
  const [linkspan, kernel] = (await through(routers, 'inside', ...sent)).map(({ outside }) =>
    outside.map(sourcePort),
  )
  expect(linkspan?.[2]).toBe(linkspan?.[1])
  expect(new Set([4000, linkspan?.[0], linkspan?.[1]]).size).toBe(3)
  expect(kernel?.slice(0, 2)).toEqual([4000, 4000])
  expect(kernel?.[2]).not.toBe(4000)
}, 60_000)

test('A14: who calls a port of nobody hears nothing here, and there that it is closed', async () => {
  const routers = await both({ open: true })
  const syn = tcp(ONE, [EXTERNAL, 700], { flags: Flag.SYN, sequence: 1 })
  const datagram = udp(ONE, [EXTERNAL, 700], DATA)
  const [linkspan, kernel] = await through(routers, 'outside', syn, datagram)
  expect(linkspan).toEqual({ inside: [], outside: [] })
  const answers = kernel?.outside.map((one) => [sourceOf(one), one[9]])
  expect(answers).toEqual([
    [EXTERNAL, 6],
    [EXTERNAL, 1],
  ])
}, 60_000)

test('A12: the first fragment goes on at once here, there with the last', async () => {
  const routers = await both()
  const whole = udp([HOSTS[1], 4000], ONE, pattern(900), { fragment: 0, id: 9 })
  const [first, last] = fragmentsOf(whole, 512) as [Uint8Array, Uint8Array]
  const early = await through(routers, 'inside', first)
  expect(early.map(counts)).toEqual([
    { inside: 0, outside: 1 },
    { inside: 0, outside: 0 },
  ])
  const late = await through(routers, 'inside', last)
  expect(late.map(counts)).toEqual([
    { inside: 0, outside: 1 },
    { inside: 0, outside: 2 },
  ])
}, 60_000)

test('R4: the kernel writes itself into a record of the route, Linkspan carries it', async () => {
  const routers = await both()
  const options = [7, 7, 4, 0, 0, 0, 0, 0]
  const sent = udp([HOSTS[1], 4000], ONE, DATA, { options })
  const [linkspan, kernel] = (await through(routers, 'inside', sent)).map(({ outside }) =>
    outside.map((one) => [...one.subarray(20, 28)]),
  )
  expect(linkspan).toEqual([options])
  expect(kernel).toEqual([[7, 7, 8, ...EXTERNAL.split('.').map(Number), 0]])
}, 60_000)

test('RFC 1812 4.3.2.5: an error has the type of service of its cause, here without ECN', async () => {
  const routers = await both()
  const late = udp([HOSTS[1], 4000], ONE, DATA, { hops: 1, tos: 0x1a })
  const told = await through(routers, 'inside', late)
  const errors = told.map(({ inside }) => inside.map((one) => [sourceOf(one), one[1]]))
  expect(errors).toEqual([[[GATEWAY, 0xd8]], [[GATEWAY, 0xda]]])
}, 60_000)

test('A19: two hosts cannot share the external address without ports; here the second is told', async () => {
  const routers = await both()
  const from = (host: string) => packet([host, 0], [ONE[0], 0], 200, DATA)
  const out = await through(routers, 'inside', from(HOSTS[1]), from(HOSTS[2]))
  expect(out.map(({ outside }) => outside.map(sourceOf))).toEqual([[EXTERNAL], [EXTERNAL]])
  const told = out.map(({ inside }) => inside.map((one) => [...one.subarray(20, 22)]))
  expect(told).toEqual([[[3, 13]], []])
}, 60_000)

test('A16: a connection whose SYN was not seen is taken up by the kernel, not here', async () => {
  const routers = await both()
  const segment = { flags: Flag.ACK, sequence: 1000, acknowledgement: 2000, data: DATA }
  const out = await through(routers, 'inside', tcp([HOSTS[1], 4000], ONE, segment))
  expect(out.map(counts)).toEqual([
    { inside: 0, outside: 0 },
    { inside: 0, outside: 1 },
  ])
}, 60_000)

test('A8: a host calls a port that its neighbour has outside, and is let in here only', async () => {
  const routers = await both()
  const [caller, called] = [HOSTS[1], HOSTS[2]]
  const opened = await through(routers, 'inside', udp([called, 4000], ONE, DATA))
  const ports = opened.map(({ outside }) => sourcePort(outside[0]) as number)
  const arrived = await Promise.all(
    routers.map(async (router, at) => {
      const call = udp([caller, 4001], [EXTERNAL, ports[at] as number], DATA)
      const { inside } = await exchange(router, 'inside', [call])
      return inside.filter((one) => one[9] === 17).map(sourceOf)
    }),
  )
  expect(arrived).toEqual([[EXTERNAL], []])
}, 60_000)
