/**
 * What is noted of packets (assembly/gateway/paths.ts) is of one flow and of one ingress: what looks like them, or
 * comes by another, does not go by it.
 */
import { expect, test } from 'vitest'
import { onEveryBuild } from '../support/builds.js'
import { station } from '../support/frames.js'
import { arpFrame } from '../support/ip.js'
import { type Ends, readIp, udp } from '../support/nat-packets.js'
import { type Rig, rig } from '../support/rig.js'
import { datagram } from '../support/vxlan.js'

const GATEWAY = Uint8Array.of(2, 0xff, 0, 0, 0, 1)
const UPLINK = Uint8Array.of(2, 0xff, 0, 0, 0, 2)
const NEXT = station(0x90)
/** Flows of a worker that are noted in places of their own. */
const PLACES = 16_384

/** Of one place among the next hops that a worker remembers, whichever of the first domains they are in. */
const ALIKE = ['10.55.1.1', '10.55.14.115', '10.55.82.48', '10.55.95.162']

function addressed(made: Rig): Rig {
  made.uplink('wan', { addresses: ['203.0.113.10/24'], mac: '02:ff:00:00:00:02' })
  made.gateway('lan', { addresses: ['10.55.0.1/16'], mac: '02:ff:00:00:00:01' })
  made.routes({ to: '0.0.0.0/0', via: '203.0.113.1' })
  return made.neighbors({ bridge: 'wan', address: '203.0.113.1', mac: '02:00:00:00:00:90' })
}

function sentTo(mac: Uint8Array, from: Uint8Array, ends: Ends): Uint8Array {
  const frame = udp(ends)
  frame.set(mac, 0)
  frame.set(from, 6)
  return frame
}

const request = (host: number, from: string, port: number) =>
  sentTo(GATEWAY, station(host), { from: [from, port], to: ['198.51.100.1', 53] })

const reply = (to: readonly [string, number]) =>
  sentTo(UPLINK, NEXT, { from: ['198.51.100.1', 53], to })

function greet(made: Rig, port: string, host: number, address: string): void {
  const said = { operation: 'request', sender: address, target: '10.55.0.1' } as const
  made.inject(port, arpFrame({ ...said, senderMac: station(host) })).run()
}

/** assembly/memory.ts, from where a worker's descriptors are: the last number it gave to what it notes. */
const SERIAL = 408 - 768

/** The next number that the worker gives is the first again. */
function exhaustNumbers({ attachment, forwarder }: Rig): void {
  const words = new DataView(attachment.memory.buffer)
  words.setUint32(forwarder.received + SERIAL, 0xffffffff, true)
}

onEveryBuild('what is noted of packets', (build) => {
  test('is of one flow, whatever place it shares with another', () => {
    const made = addressed(rig(build, { capacity: { flows: 65_536, flows6: 0 } }).ports('abc'))
    greet(made, 'a', 1, '10.55.0.11')
    greet(made, 'b', 2, '10.55.0.12')
    made.inject('a', request(1, '10.55.0.11', 4000)).run()
    for (let flow = 1; flow < PLACES; flow++) {
      const from = `10.55.1.${1 + (flow & 3)}`
      made.inject('c', request(3, from, 1000 + (flow >> 2))).run()
    }
    made.inject('b', request(2, '10.55.0.12', 4000)).run()
    made.topology.flows.purgePort(made.indexOf('c'))
    expect(made.flows().length).toBe(2)
    const [one, other] = [reply(['10.55.0.11', 4000]), reply(['10.55.0.12', 4000])]
    made.inject('wan', one.slice()).run().inject('wan', other.slice()).run().advance(125)
    made.deliveries()
    made.inject('wan', one.slice()).run().inject('wan', one.slice()).run()
    made.inject('wan', other.slice()).run()
    const [atA, atB] = [made.frames('a'), made.frames('b')]
    expect([atA.length, atB.length]).toEqual([2, 1])
    expect(readIp(atB[0]!)).toMatchObject({ destination: '10.55.0.12', faults: [] })
  })

  test('is of the port that it was noted of, not of a tunnel whose datagrams came behind', () => {
    const made = addressed(rig(build).underlay().ports('a').tunnel('t', { remote: '192.0.2.2' }))
    greet(made, 'a', 1, '10.55.0.11')
    // The next hop's port is known.
    made.inject('wan', reply(['10.55.0.11', 4000])).run()
    const own = request(1, '10.55.0.11', 4000)
    const far = request(2, '10.55.0.12', 4000)
    const byTunnel = () => made.inject('underlay', datagram(far.slice())).run()
    made.inject('a', own.slice()).run()
    byTunnel()
    made.advance(125)
    made.inject('a', own.slice()).run()
    byTunnel()
    byTunnel()
    made.inject('a', own.slice()).run()
    expect(made.whereIs(station(2))).toBe('t')
    made.frames('wan')
    made.inject('a', far.slice()).run()
    expect(made.frames('wan').length).toBe(1)
    expect(made.whereIs(station(2))).toBe('a')
  })

  test('goes to its own next hop, whatever place that shares with another', () => {
    const made = addressed(rig(build).port('a'))
    for (const [host, address] of ALIKE.entries()) greet(made, 'a', 100 + host, address)
    for (let round = 0; round < 4; round++) {
      for (const [host, address] of ALIKE.entries()) {
        made.inject('wan', reply([address, 4000])).run()
        const sent = made.frames('a').filter((frame) => frame[13] === 0)
        expect(
          sent.map((frame) => frame.subarray(0, 6)),
          `to host ${host}`,
        ).toEqual([station(100 + host)])
      }
    }
  })

  test('is forgotten when the numbers by which it is known begin anew', () => {
    const made = addressed(rig(build).ports('ab'))
    greet(made, 'a', 1, '10.55.0.11')
    const answer = reply(['10.55.0.11', 4000])
    made
      .inject('a', request(1, '10.55.0.11', 4000))
      .run()
      .inject('wan', answer.slice())
      .run()
    for (let round = 0; round < 4; round++) {
      if (round === 2) exhaustNumbers(made)
      made.advance(125).deliveries()
      for (let packet = 0; packet < 3; packet++) made.inject('wan', answer.slice()).run()
      expect(made.frames('a').map((frame) => readIp(frame).faults)).toEqual([[], [], []])
    }
  })

  test('takes no room where there are no flows over IPv4, and none is cleared', () => {
    const made = rig(build, { capacity: { flows: 0, flows6: 256 } }).port('a')
    made.uplink('wan', { addresses: ['2001:db8::10/64'], mac: '02:ff:00:00:00:02' })
    made.gateway('lan', { addresses: ['fd55::1/64'], mac: '02:ff:00:00:00:01' })
    made.routes({ to: '::/0', via: '2001:db8::1' })
    made.neighbors(
      { bridge: 'wan', address: '2001:db8::1', mac: '02:00:00:00:00:90' },
      { bridge: 'lan', address: 'fd55::11', mac: '02:00:00:00:00:01' },
    )
    const ends = { from: ['fd55::11', 4000], to: ['2001:db8:ffff::1', 53] } as const
    const own = sentTo(GATEWAY, station(1), ends)
    const answer = sentTo(UPLINK, NEXT, { from: ends.to, to: ends.from })
    made.inject('a', own.slice()).run().inject('wan', answer.slice()).run()
    made.inject('a', own.slice()).run()
    const flows = made.flows()
    expect(flows.length).toBe(1)
    exhaustNumbers(made)
    // The next hop's way is asked anew, which gets a number.
    made.advance(60_000).neighbors({ bridge: 'lan', address: 'fd55::12', mac: '02:00:00:00:00:02' })
    made.frames('wan')
    made.inject('a', own.slice()).run().inject('wan', answer.slice()).run()
    expect(made.frames('wan').length).toBe(1)
    expect(made.flows().map(({ frames }) => frames)).toEqual([(flows[0]?.frames ?? 0) + 2])
  })
})
