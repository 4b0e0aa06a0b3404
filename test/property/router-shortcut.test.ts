/**
 * The short way through the router agrees with the long one: two switches get the same frames, one of
 * which watches for a frame that never comes, and so handles every frame as if somebody looked on. What
 * leaves, what is dropped and what is known of flows is the same at every step.
 */
import { expect, test } from 'vitest'
import { onEveryBuild } from '../support/builds.js'
import { startCapture, Wants } from '../support/capturing.js'
import { station } from '../support/frames.js'
import { arpFrame, mac, readArp } from '../support/ip.js'
import { Flag, type Ip, readIp, tcp, udp } from '../support/nat-packets.js'
import { Random } from '../support/random.js'
import { type Offloaded, type Rig, rig } from '../support/rig.js'
import { Gso, NEEDS_CSUM, NOTHING } from '../support/virtio.js'

const STEPS = 200
const HOSTS = 5
const GATEWAY = mac('02:ff:00:00:00:01')
const UPLINK = mac('02:ff:00:00:00:02')
const NEXT = station(90)
const hostAddress = (host: number) => `10.55.0.${host + 10}`
const remoteAddress = (remote: number) => `198.51.100.${remote + 1}`

interface Given {
  port: string
  frame: Uint8Array | Offloaded
}

function bench(build: Parameters<typeof rig>[0]): Rig {
  const made = rig(build, { capacity: { flows: 256, flows6: 0 } })
  made.port('a', { offloads: true }).port('b').port('c')
  made.port('d', { bridge: 'other' })
  made.uplink('wan', { addresses: ['203.0.113.10/24'], mac: '02:ff:00:00:00:02', offloads: true })
  made.gateway('other', { addresses: ['10.66.0.1/24'], mac: '02:ff:00:00:00:03' })
  gateway(made, '10.55.0.1/24').routes({ to: '0.0.0.0/0', via: '203.0.113.1' })
  return masquerading(made)
}

const gateway = (made: Rig, ...addresses: string[]) =>
  made.gateway('lan', { addresses, mac: '02:ff:00:00:00:01' })

function masquerading(made: Rig): Rig {
  const published = { name: 'web', listen: 'wan:80', to: ['10.55.0.10:8080'], protocol: ['tcp'] }
  const leaving = {
    from: { bridge: 'lan' },
    uplink: 'wan',
    ports: 'preserve',
    filtering: 'endpoint-independent',
  } as const
  return made.nat([{ type: 'masquerade', ...leaving }], [published as never])
}

/** Traffic of a few hosts and what answers them, most of it usual. */
class Traffic {
  readonly #random: Random
  /** What left by the uplink last, and is answered. */
  readonly #left: Uint8Array[] = []
  readonly #places = new Map<number, string>()

  constructor(random: Random) {
    this.#random = random
  }

  next(): Given {
    return this.#random.chance(0.5) && this.#left.length > 0 ? this.#answer() : this.#call()
  }

  noteLeft(frame: Uint8Array): void {
    if (frame[12] !== 8 || frame[13] !== 0) return
    if (this.#left.length < 40) this.#left.push(frame)
    else this.#left[this.#random.below(40)] = frame
  }

  /** A host is somewhere else from now on. */
  move(): void {
    this.#places.set(this.#random.below(HOSTS), this.#random.pick(['a', 'b', 'c']))
  }

  #call(): Given {
    const random = this.#random
    const host = random.below(HOSTS)
    const port = this.#places.get(host) ?? 'a'
    const near = random.pick(['10.66.0.7', hostAddress(0), hostAddress(1)])
    const to = random.chance(0.3) ? near : remoteAddress(random.below(3))
    const ends = {
      from: [hostAddress(host), 4000 + random.below(2)],
      to: [to, 50 + random.below(2)],
    } as const
    return this.#frame(port, ends, GATEWAY, station(host + 1))
  }

  #answer(): Given {
    const { source, sourcePort, destination, destinationPort } = readIp(
      this.#random.pick(this.#left),
    )
    const ends = { from: [destination, destinationPort], to: [source, sourcePort] } as const
    return this.#frame('wan', ends, UPLINK, NEXT)
  }

  #frame(port: string, ends: Parameters<typeof udp>[0], to: Uint8Array, from: Uint8Array): Given {
    const random = this.#random
    const offloads = port === 'a' || port === 'wan'
    const more: Partial<Ip> = {
      ttl: random.chance(0.05) ? random.below(3) : 64,
      id: random.below(9),
      fragment: random.pick([0x4000, 0x4000, 0, 0, random.chance(0.1) ? 0x2000 : 0]),
    }
    const data = random.pick([0, 4, 4, 19, 100, random.chance(0.1) ? 1472 : 30])
    const datagram = random.chance(0.5)
    const partial = offloads && random.chance(0.3)
    const checksum = partial ? 'partial' : datagram && random.chance(0.1) ? 'none' : 'complete'
    const flags = random.chance(0.75) ? Flag.ACK : random.below(32)
    const numbers = { sequence: random.below(3) * 50, acknowledgement: random.below(3) * 50 }
    const frame = datagram
      ? udp(ends, { ...more, checksum }, data)
      : tcp(ends, { flags, ...numbers, data }, { ...more, checksum })
    frame.set(to, 0)
    frame.set(from, 6)
    if (random.chance(0.03)) damage(frame, random)
    if (!partial) return { port, frame }
    const [checksumOffset, header] = datagram ? [6, 8] : [16, 20]
    const whole = { ...NOTHING, flags: NEEDS_CSUM, checksumStart: 34, checksumOffset }
    if (datagram || data < 40 || random.chance(0.5))
      return { port, frame: { header: whole, frame } }
    const cut = { gsoType: Gso.TCPV4, headerLength: 34 + header, gsoSize: 33 }
    return { port, frame: { header: { ...whole, ...cut }, frame } }
  }
}

/** Another octet somewhere in the headers; now and then the end is missing. */
function damage(frame: Uint8Array, random: Random): void {
  frame[random.pick([12, 14, 16, 17, 22, 23, 24, 26, 30, 34, 38, 39, 46, 47])]! ^=
    1 << random.below(8)
}

/** Config that changes while flows go on. */
const changes: readonly ((made: Rig) => unknown)[] = [
  (made) => made.routes({ to: '0.0.0.0/0', via: '203.0.113.1' }),
  (made) => made.routes({ to: '0.0.0.0/0', via: '203.0.113.1' }, { to: '198.51.100.2/32' }),
  (made) => made.setPort('b', { up: false }),
  (made) => made.setPort('b', { up: true, mtu: 600 }),
  (made) => made.setPort('b', { mtu: 1500, policy: { isolated: true } }),
  (made) => made.setPort('a', { policy: { isolated: true } }),
  (made) => made.setPort('a', { policy: { isolated: false } }),
  (made) => gateway(made, '10.55.0.1/24', '10.55.0.11/24'),
  (made) => gateway(made, '10.55.0.1/24'),
  (made) => made.rules({ name: 'known', action: 'allow', state: ['established'] } as never),
  (made) => made.rules({ name: 'rest', action: 'allow' } as never),
  (made) => made.neighbors({ bridge: 'wan', address: '203.0.113.1', mac: '02:00:00:00:00:90' }),
  (made) => made.neighbors(),
  (made) => masquerading(made),
]

/** Who is asked by ARP answers, so that neighbours become stale and known again. */
function answerArp(made: Rig, port: string, frames: readonly Uint8Array[]): void {
  for (const frame of frames) {
    const read = readArp(frame)
    if (read?.operation !== 'request') continue
    const host = Number(read.target.split('.')[3]) - 10
    const own = port === 'wan' ? NEXT : port === 'd' ? station(70) : station(host + 1)
    const reply = { operation: 'reply', sender: read.target, target: read.sender } as const
    const to = frame.slice(6, 12)
    made.inject(port, arpFrame({ ...reply, senderMac: own, targetMac: to }))
  }
}

onEveryBuild('the short way through the router', (build) => {
  test('agrees with the long way in what leaves, what is dropped and what is known', () => {
    const [quick, watched] = [bench(build), bench(build)]
    startCapture(watched, 0, { wants: Wants.RECEIVED | Wants.MAC, mac: station(200) })
    const both = [quick, watched] as const
    const random = new Random(20)
    const traffic = new Traffic(random)
    let left = 0
    for (let step = 0; step < STEPS; step++) {
      if (random.chance(0.05)) traffic.move()
      if (random.chance(0.2)) {
        const change = random.pick(changes)
        for (const made of both) change(made)
      }
      const burst = Array.from({ length: 1 + random.below(60) }, () => traffic.next())
      const pause = random.pick([0, 0, 1, 60, 200, 7000, 31_000])
      for (const made of both) {
        for (const { port, frame } of burst) made.inject(port, copyOf(frame))
        made.run().advance(pause)
      }
      for (const port of ['a', 'b', 'c', 'd', 'wan']) {
        const sent = quick.sent(port)
        expect(watched.sent(port), `by ${port} in step ${step}`).toEqual(sent)
        const frames = sent.map(({ frame }) => frame)
        for (const made of both) answerArp(made, port, frames)
        if (port === 'wan') for (const frame of frames) traffic.noteLeft(frame)
        left += frames.length
      }
      expect(watched.drops()).toEqual(quick.drops())
      expect(watched.fdb()).toEqual(quick.fdb())
    }
    expect(watched.flows()).toEqual(quick.flows())
    for (const port of ['a', 'wan']) expect(watched.counters(port)).toEqual(quick.counters(port))
    expect(left).toBeGreaterThan(STEPS * 10)
  })
})

function copyOf(given: Uint8Array | Offloaded): Uint8Array | Offloaded {
  return given instanceof Uint8Array ? given.slice() : { ...given, frame: given.frame.slice() }
}
