/** A flood of connections that are never made, beside many that are (CONFORMANCE T4, T5). */
import { expect, test } from 'vitest'
import { station, word } from '../support/frames.js'
import { ip, macText } from '../support/ip.js'
import { EXTERNAL, GATEWAY, NatLab, UPLINK } from '../support/nat-lab.js'
import { Flag, readIp, tcp } from '../support/nat-packets.js'

const SERVER = '198.51.100.7'
const FLOWS = 10_000
const FLOOD = 100_000
const TABLE = 12_288
/** Hosts of so many flows each: none has its share of the table. */
const EACH = 2000
const hostOf = (flow: number) => `10.1.0.${2 + 2 * Math.floor(flow / EACH)}`
const portOf = (flow: number) => 4000 + (flow % EACH)

/** Changes 16-bit words of a frame and the checksums at `sums` by as much (RFC 1624). */
function change(frame: Uint8Array, at: number, value: number, ...sums: number[]): void {
  const was = wordAt(frame, at)
  frame.set(word(value), at)
  for (const sum of sums) {
    let total = (~wordAt(frame, sum) & 0xffff) + (~was & 0xffff) + value
    total = (total & 0xffff) + (total >>> 16)
    total = (total & 0xffff) + (total >>> 16)
    frame.set(word(~total & 0xffff), sum)
  }
}
const wordAt = (frame: Uint8Array, at: number) =>
  ((frame[at] as number) << 8) | (frame[at + 1] as number)

const [IP_SUM, SOURCE, DESTINATION, SOURCE_PORT, DESTINATION_PORT, TCP_SUM] = [
  24, 26, 30, 34, 36, 50,
]

const framed = (to: Uint8Array, from: Uint8Array, frame: Uint8Array) => {
  frame.set(to)
  frame.set(from, 6)
  return frame
}
const outward = (flags: number, sequence: number, acknowledgement = 0, data = 0) =>
  framed(
    GATEWAY,
    station(0xa1),
    tcp({ from: ['10.1.0.2', 4000], to: [SERVER, 80] }, { flags, sequence, acknowledgement, data }),
  )
const inward = (flags: number, sequence: number, acknowledgement: number, data = 0) =>
  framed(
    UPLINK,
    station(0xb1),
    tcp({ from: [SERVER, 80], to: [EXTERNAL, 4000] }, { flags, sequence, acknowledgement, data }),
  )

/** What a flow's host says. */
function from(frame: Uint8Array, flow: number): Uint8Array {
  const own = frame.slice()
  change(own, SOURCE + 2, wordAt(ip(hostOf(flow)), 2), IP_SUM, TCP_SUM)
  change(own, SOURCE_PORT, portOf(flow), TCP_SUM)
  return own
}
/** What is said to a flow's external port. */
function to(frame: Uint8Array, port: number): Uint8Array {
  const own = frame.slice()
  change(own, DESTINATION_PORT, port, TCP_SUM)
  return own
}
/** A SYN of somebody who has sent none before. */
function stranger(frame: Uint8Array, number: number): Uint8Array {
  const own = frame.slice()
  change(own, SOURCE + 2, 0x1000 + (number >>> 2), IP_SUM, TCP_SUM)
  change(own, SOURCE_PORT, 1024 + (number & 3), TCP_SUM)
  return own
}

function lab(flows: number) {
  const b = new NatLab('single', { flows })
  b.rules({ masquerade: [{ fromDomain: 1, outDomain: 2, to: [EXTERNAL] }] })
  const hosts = Array.from({ length: FLOWS / EACH }, (_, index) => hostOf(index * EACH))
  const near = { bridge: 'lan', mac: macText(station(0xa1)) }
  b.rig
    .setStatic(station(0xa1), 'a')
    .neighbors(
      { bridge: 'wan', address: '203.0.113.1', mac: macText(station(0xb1)) },
      ...hosts.map((address) => ({ ...near, address })),
    )
  b.drain()
  /** Sends a frame of each and returns what came out, in bursts. */
  const pass = (count: number, port: 'a' | 'wan', frameOf: (index: number) => Uint8Array) => {
    const out: Uint8Array[] = []
    for (let start = 0; start < count; start += 250) {
      b.rig.inject(port, ...Array.from({ length: 250 }, (_, n) => frameOf(start + n))).run()
      out.push(...b.rig.frames(port === 'a' ? 'wan' : 'a'))
      b.rig.now += 1
    }
    return out
  }
  return { b, pass }
}

test('A19: nobody is refused a port while one in a hundred is free', () => {
  const { b, pass } = lab(65_536)
  const syn = outward(Flag.SYN, 1000)
  const ports = 65_536 - 1024
  const most = Math.floor((ports * 0.99) / 250) * 250
  expect(pass(most, 'a', (number) => stranger(syn, number))).toHaveLength(most)
  expect(b.rig.drops()).toEqual({})
  expect(b.nat.portsInUse(EXTERNAL)).toEqual({ tcp: most, udp: 0 })
})

test('T4, T5: 10,000 established flows in a full table lose nothing by 100,000 SYNs', () => {
  const { b, pass } = lab(TABLE)
  const syn = outward(Flag.SYN, 1000)
  const ports = pass(FLOWS, 'a', (flow) => from(syn, flow)).map((frame) =>
    wordAt(frame, SOURCE_PORT),
  )
  expect(new Set(ports).size).toBe(FLOWS)
  const accept = inward(Flag.SYN | Flag.ACK, 9000, 1001)
  pass(FLOWS, 'wan', (flow) => to(accept, ports[flow] as number))
  const acknowledge = outward(Flag.ACK, 1001, 9001)
  pass(FLOWS, 'a', (flow) => from(acknowledge, flow))

  const sent = pass(FLOOD, 'a', (number) => stranger(syn, number))
  expect(b.count()).toBe(TABLE)
  // Nearly each had a place, since another of them made room; what was established did not.
  expect(sent.length).toBeGreaterThan(0.99 * FLOOD)
  const full = FLOOD - sent.length
  const dropped = full === 0 ? {} : { 'a flow-table-full': full }
  expect(b.rig.drops()).toEqual(dropped)
  const { flowsEvicted, flowsBegun } = b.rig.statistics()
  expect(flowsBegun).toBe(FLOWS + sent.length)
  expect(flowsEvicted).toEqual({ unanswered: flowsBegun - TABLE, ended: 0 })

  const said = pass(FLOWS, 'a', (flow) => from(outward(Flag.ACK, 1001, 9001, 1), flow))
  expect(said.map((frame) => wordAt(frame, SOURCE_PORT))).toEqual(ports)
  const answer = inward(Flag.ACK, 9001, 1002, 1)
  const heard = pass(FLOWS, 'wan', (flow) => to(answer, ports[flow] as number))
  for (const [flow, frame] of heard.entries()) {
    const port = wordAt(frame, DESTINATION_PORT)
    if (port !== portOf(flow) || wordAt(frame, DESTINATION + 2) !== wordAt(ip(hostOf(flow)), 2)) {
      throw new Error(`flow ${flow} went to port ${port}`)
    }
  }
  expect(heard).toHaveLength(FLOWS)
  for (const frame of [said[0], heard[0], sent[0]])
    expect(readIp(frame as Uint8Array).faults).toEqual([])
  expect(b.rig.drops()).toEqual(dropped)
})
