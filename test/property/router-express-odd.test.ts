/**
 * Among packets that may go the shortest way through the router (assembly/gateway/express.ts) those that look almost
 * like them: padded, cut short, from another's MAC or port, to another's; flows that end and begin in the records
 * of others, hosts that move, ports that change, and floods that fill the transmit list. All must leave, be
 * counted and be learnt as on the long way.
 */
import { expect, test } from 'vitest'
import { onEveryBuild } from '../support/builds.js'
import { startCapture, Wants } from '../support/capturing.js'
import { BROADCAST, station } from '../support/frames.js'
import { arpFrame } from '../support/ip.js'
import { masqueraded } from '../support/masqueraded.js'
import { readIp, udp } from '../support/nat-packets.js'
import { Random } from '../support/random.js'
import { type Offloaded, type Rig, rig } from '../support/rig.js'
import { DATA_VALID, NOTHING } from '../support/virtio.js'

const STEPS = 150
const GATEWAY = Uint8Array.of(2, 0xff, 0, 0, 0, 1)
const UPLINK = Uint8Array.of(2, 0xff, 0, 0, 0, 2)
const NEXT = station(0x90)
const PORTS = ['a', 'b', 'c', 'wan'] as const
/** Hosts 0 and 1 are on port a, 2 and 3 on port b, 4 and 5 on port c, unless they moved. */
const HOSTS = 6
const REMOTES = 3
const hostAddress = (host: number) => `10.55.0.${host + 10}`

function bench(build: Parameters<typeof rig>[0], flows: number, translated: boolean): Rig {
  const made = rig(build, { capacity: { flows, flows6: 0 } })
  made.port('a', { offloads: true }).port('b').port('c')
  // Each takes an entry of the transmit list for itself, so that floods fill it and a burst is cut short.
  for (let port = 0; port < 8; port++) made.port(`idle${port}`, { mtu: 1400 + port })
  return masqueraded(made, translated, { offloads: true })
}

interface Given {
  port: string
  frame: Uint8Array
}

class Traffic {
  readonly #random = new Random(41)
  readonly #left: Uint8Array[] = []
  #ports = 2
  #storm = 0

  /** Most packets are of few flows, so that they come again in the same tick. */
  next(): Given {
    const random = this.#random
    if (this.#left.length > 0 && random.chance(0.4)) return this.#odd(this.#answer())
    const host = random.below(HOSTS)
    if (random.chance(0.2)) return this.#odd(this.#across(host))
    return this.#odd(this.#call(host))
  }

  begin(): void {
    this.#ports = this.#random.chance(0.2) ? 12 : 2
    this.#storm = this.#random.chance(0.2) ? 0.4 : 0
  }

  noteLeft(frame: Uint8Array): void {
    if (frame[12] !== 8 || frame[13] !== 0) return
    if (this.#left.length < 30) this.#left.push(frame)
    else this.#left[this.#random.below(30)] = frame
  }

  #more() {
    const random = this.#random
    const ttl = random.chance(0.02) ? random.below(3) : 64
    const checksum = random.chance(0.1) ? 'none' : 'complete'
    return {
      ttl,
      id: random.below(9),
      fragment: random.pick([0x4000, 0, 0, 0x8000]),
      checksum,
    } as const
  }

  #call(host: number): Given {
    const random = this.#random
    const from = [hostAddress(host), 4000 + random.below(this.#ports)] as const
    const to = [`198.51.100.${random.below(REMOTES) + 1}`, 53] as const
    return this.#given(portOf(host), udp({ from, to }, this.#more(), random.below(40)), host)
  }

  /** From host to host, by the router. */
  #across(host: number): Given {
    const other = this.#random.below(HOSTS)
    const [from, to] = [[hostAddress(host), 7000] as const, [hostAddress(other), 7000] as const]
    return this.#given(portOf(host), udp({ from, to }, this.#more(), 9), host)
  }

  #given(port: string, frame: Uint8Array, host: number): Given {
    frame.set(GATEWAY, 0)
    frame.set(station(host + 1), 6)
    return { port, frame }
  }

  #answer(): Given {
    const left = readIp(this.#random.pick(this.#left))
    const from = [left.destination, left.destinationPort] as const
    const to = [left.source, left.sourcePort] as const
    const frame = udp({ from, to }, this.#more(), this.#random.below(40))
    frame.set(UPLINK, 0)
    frame.set(NEXT, 6)
    return { port: 'wan', frame }
  }

  #odd(given: Given): Given {
    const random = this.#random
    if (random.chance(this.#storm)) given.frame.set(BROADCAST, 0)
    if (random.chance(0.7)) return given
    const { port, frame } = given
    switch (random.below(14)) {
      case 0:
        return { port, frame: Uint8Array.of(...frame, ...new Uint8Array(random.below(20))) }
      case 1:
        return { port, frame: frame.slice(0, Math.max(14, random.below(frame.length))) }
      case 2:
        frame.set(station(1 + random.below(HOSTS)), 6)
        return given
      case 3:
        frame.set(random.pick([BROADCAST, station(1), UPLINK, GATEWAY, station(200)]), 0)
        return given
      case 4:
        frame.set(random.pick([GATEWAY, UPLINK, NEXT, BROADCAST, new Uint8Array(6)]), 6)
        return given
      case 5:
        return { port: random.pick(PORTS), frame }
      case 6:
        frame[14 + random.below(28)]! ^= 1 << random.below(8)
        return given
      case 7:
        frame[39] = random.below(60)
        return given
      default:
        return given
    }
  }
}

const portOf = (host: number) => ['a', 'b', 'c'][host >> 1]!

const policed = (port: string, policy: object) => (made: Rig) => made.setPort(port, { policy })
const changes: readonly ((made: Rig) => unknown)[] = [
  policed('a', { isolated: true }),
  policed('b', { isolated: true }),
  policed('a', {}),
  policed('b', {}),
  policed('b', { learning: false }),
  policed('b', { sticky: true }),
  policed('c', { sticky: true }),
  policed('c', {}),
  policed('c', { locked: true, learning: false }),
  (made) => made.setStatic(station(1), 'a'),
  (made) => made.setStatic(station(3), 'b'),
  (made) => made.deleteEntry(station(1)),
  (made) => made.deleteEntry(station(3)),
  (made) => made.deleteEntry(NEXT, 'wan'),
  (made) => made.setPort('wan', { mtu: 60 }),
  (made) => made.setPort('wan', { mtu: 1500 }),
  (made) => made.topology.flows.delete({ address: hostAddress(0) }),
  (made) => made.topology.flows.purgePort(made.indexOf('b')),
]

onEveryBuild('odd packets among those of known flows', (build) => {
  test.each([
    [24, true],
    [256, false],
  ])('go as on the long way, flows: %s, translated: %s', (flows, translated) => {
    const [quick, watched] = [bench(build, flows, translated), bench(build, flows, translated)]
    startCapture(watched, 0, { wants: Wants.RECEIVED | Wants.MAC, mac: station(222) })
    const random = new Random(42)
    const traffic = new Traffic()
    for (const made of [quick, watched]) for (let host = 0; host < HOSTS; host++) greet(made, host)
    for (const made of [quick, watched]) made.inject('wan', hello()).run()
    for (let step = 0; step < STEPS; step++) {
      traffic.begin()
      const change = random.chance(0.2) ? random.pick(changes) : undefined
      const valid = random.chance(0.3)
      const burst = Array.from({ length: 1 + random.below(200) }, () => traffic.next())
      const apart = random.chance(0.4)
      const pause = random.pick([0, 0, 0, 1, 20, 60, 130, random.chance(0.05) ? 31_000 : 0])
      for (const made of [quick, watched]) {
        change?.(made)
        for (const { port, frame } of burst) {
          made.inject(port, wrapped(made, port, frame, valid))
          if (apart) made.run()
        }
        made.run().advance(pause)
      }
      for (const port of PORTS) {
        const sent = quick.sent(port)
        expect(watched.sent(port), `by ${port} in step ${step}`).toEqual(sent)
        for (const { frame } of port === 'wan' ? sent : []) traffic.noteLeft(frame)
      }
      expect(watched.drops(), `step ${step}`).toEqual(quick.drops())
      expect(watched.fdb(), `step ${step}`).toEqual(quick.fdb())
      expect(watched.flows(), `step ${step}`).toEqual(quick.flows())
      expect(watched.events(), `step ${step}`).toEqual(quick.events())
    }
    for (const port of PORTS) expect(watched.counters(port)).toEqual(quick.counters(port))
  })
})

function wrapped(
  made: Rig,
  port: string,
  frame: Uint8Array,
  valid: boolean,
): Uint8Array | Offloaded {
  if (!valid || !made.device(port).offloads) return frame.slice()
  return { header: { ...NOTHING, flags: DATA_VALID }, frame: frame.slice() }
}

function greet(made: Rig, host: number): void {
  const said = { operation: 'request', sender: hostAddress(host), target: '10.55.0.1' } as const
  made.inject(portOf(host), arpFrame({ ...said, senderMac: station(host + 1) })).run()
}

function hello(): Uint8Array {
  const said = { operation: 'request', sender: '203.0.113.1', target: '203.0.113.10' } as const
  return arpFrame({ ...said, senderMac: NEXT })
}
