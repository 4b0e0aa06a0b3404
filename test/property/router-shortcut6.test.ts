/**
 * The short way through the router agrees with the long one for IPv6, in bursts that have IPv4 between: what
 * leaves, what is dropped, what is told and what is known of flows is the same at every step.
 */
import { expect, test } from 'vitest'
import type { NatRule, Publish } from '../../src/config/types.js'
import { type BuildName, onEveryBuild } from '../support/builds.js'
import { station } from '../support/frames.js'
import { mac } from '../support/ip.js'
import { type Ip, readIp, udp } from '../support/nat-packets.js'
import { advertisement } from '../support/nd.js'
import { Random } from '../support/random.js'
import { type Rig, rig } from '../support/rig.js'
import { agree, answerOf, type Given } from '../support/two-ways.js'
import { usualFrame } from '../support/usual-frame.js'
import { Gso, NEEDS_CSUM, NOTHING } from '../support/virtio.js'

const HOSTS = 5
const GATEWAY = mac('02:ff:00:00:00:01')
const UPLINK = mac('02:ff:00:00:00:02')
const OTHER_GATEWAY = mac('02:ff:00:00:00:03')
const NEXT = station(90)
const EXTERNALS = ['2001:db8::2', '2001:db8::20', '2001:db8:1:0:b2a9::10', '2001:db8:3::10']

const hostAddress = (host: number) => `fd55::${host + 10}`
/** Behind the other bridge: the prefix of the first is translated, that of the second is not. */
const otherAddress = (host: number) => `${host % 2 === 0 ? 'fd66' : '2001:db8:3'}::${host + 10}`
const remoteAddress = (remote: number) =>
  ['2001:db8:ffff::1', '2001:db8:ffff:1::2', '2001:db8:77::3'][remote] as string

const defaults = [
  { to: '0.0.0.0/0', via: '203.0.113.1' },
  { to: '::/0', via: '2001:db8::1' },
] as const
const onLink = { to: '2001:db8:77::/48', via: 'fe80::99', interface: { bridge: 'wan' } } as const

function bench(build: BuildName, flows6: number, neighbors: number): Rig {
  const made = rig(build, { capacity: { flows: 64, flows6, neighbors } })
  made.port('a', { offloads: true }).port('b').port('c')
  made.port('d', { bridge: 'other' }).port('m', { bridge: 'watch' })
  const addresses = ['203.0.113.10/24', '2001:db8::2/64']
  made.uplink('wan', { addresses, mac: '02:ff:00:00:00:02', offloads: true })
  const others = ['10.66.0.1/24', 'fd66::1/64', '2001:db8:3::1/64']
  made.gateway('other', { addresses: others, mac: '02:ff:00:00:00:03' })
  gateway(made, 'fd55::1/64').routes(...defaults, onLink as never)
  return translating(made, 'endpoint-independent')
}

const gateway = (made: Rig, ...addresses: string[]) =>
  made.gateway('lan', { addresses: ['10.55.0.1/24', ...addresses], mac: '02:ff:00:00:00:01' })

type Filtering = 'address-dependent' | 'endpoint-independent'

function translating(made: Rig, filtering: Filtering): Rig {
  const leaving = { from: { bridge: 'lan' }, uplink: 'wan', ports: 'preserve', filtering } as const
  const rules: NatRule[] = [
    { type: 'static', inside: hostAddress(1), outside: '2001:db8::20', uplink: 'wan' },
    { type: 'nptv6', inside: 'fd66::/48', outside: '2001:db8:1::/48', uplink: 'wan' },
    { type: 'masquerade', ...leaving },
  ]
  const to = [`[${hostAddress(0)}]:8080`]
  const published: Publish[] = [{ name: 'web', listen: 'wan:50', to, protocol: ['tcp', 'udp'] }]
  return made.nat(rules, published)
}

type Ends = Parameters<typeof udp>[0]

/** Traffic of a few hosts and what answers them, most of it usual, and some of it over IPv4. */
class Traffic {
  readonly #random: Random
  /** What left by the uplink last, and is answered. */
  readonly #left: Uint8Array[] = []
  readonly #places = new Map<number, string>()

  constructor(random: Random) {
    this.#random = random
  }

  next(): Given {
    const random = this.#random
    if (random.chance(0.45) && this.#left.length > 0) return this.#answer()
    if (random.chance(0.1)) return this.#intrusion()
    if (random.chance(0.06)) return this.#nearby()
    return random.chance(0.25) ? this.#fromOther() : this.#call()
  }

  noteLeft(frame: Uint8Array): void {
    const type = ((frame[12] as number) << 8) | (frame[13] as number)
    if (type !== 0x86dd && type !== 0x800) return
    if (this.#left.length < 40) this.#left.push(frame)
    else this.#left[this.#random.below(40)] = frame
  }

  move(): void {
    this.#places.set(this.#random.below(HOSTS), this.#random.pick(['a', 'b', 'c']))
  }

  #call(): Given {
    const random = this.#random
    const host = random.below(HOSTS)
    const port = this.#places.get(host) ?? 'a'
    if (random.chance(0.03)) return { port, frame: this.#announcement(host) }
    const wide = random.chance(0.8)
    const near = wide
      ? [otherAddress(0), otherAddress(1), hostAddress(0), hostAddress(1), ...EXTERNALS]
      : ['10.66.0.7', '10.55.0.10']
    const far = wide ? remoteAddress(random.below(3)) : '198.51.100.1'
    const source = wide ? hostAddress(host) : `10.55.0.${host + 10}`
    const odd = random.chance(0.02) ? random.pick(['fe80::9', '::1', 'fd55::1']) : source
    const ends = {
      from: [wide ? odd : source, 4000 + random.below(2)],
      to: [random.chance(0.3) ? random.pick(near) : far, 50 + random.below(2)],
    } as const
    return this.#frame(port, ends, GATEWAY, station(host + 1))
  }

  #fromOther(): Given {
    const random = this.#random
    const host = random.below(4)
    const near = random.pick([hostAddress(random.below(HOSTS)), 'ff0e::9', 'fe80::8', 'fd99::1'])
    const ends = {
      from: [otherAddress(host), 4000],
      to: [random.chance(0.3) ? near : remoteAddress(random.below(3)), 50 + random.below(2)],
    } as const
    return this.#frame('d', ends, OTHER_GATEWAY, station(70 + host))
  }

  /**
   * What two others say to each other over the bridge, which has flows of it where it is filtered, from addresses
   * that no router carries; now and then it is sent to the router.
   */
  #nearby(): Given {
    const random = this.#random
    const host = random.below(2)
    const prefix = random.pick(['fe80::', '::5:'])
    const [source, destination] = [`${prefix}${host + 1}`, `${prefix}${2 - host}`]
    const ends = { from: [source, 4000], to: [destination, 4000] } as const
    const to = random.chance(0.5) ? GATEWAY : station(51 - host)
    return this.#frame(host === 0 ? 'b' : 'c', ends, to, station(50 + host))
  }

  /** Somebody outside who calls. */
  #intrusion(): Given {
    const random = this.#random
    const ends = {
      from: [remoteAddress(random.below(3)), 50],
      to: [random.pick(EXTERNALS), random.pick([50, 51, 4000])],
    } as const
    return this.#frame('wan', ends, UPLINK, NEXT)
  }

  /** A host has another MAC from now on, or its own again: what is behind in the burst goes there. */
  #announcement(host: number): Uint8Array {
    const from = station(host + (this.#random.chance(0.5) ? 1 : 40))
    const [source, to] = [hostAddress(host), mac('33:33:00:00:00:01')]
    const said = { to, from, source, destination: 'ff02::1', target: source, flags: 0x20 }
    return advertisement({ ...said, option: [2, from] })
  }

  #answer(): Given {
    const read = readIp(this.#random.pick(this.#left))
    const ends = {
      from: [read.destination, read.destinationPort],
      to: [read.source, read.sourcePort],
    } as const
    return this.#frame('wan', ends, UPLINK, NEXT)
  }

  #frame(port: string, ends: Ends, to: Uint8Array, from: Uint8Array): Given {
    const random = this.#random
    const offloads = port === 'a' || port === 'wan'
    const wide = ends.from[0].includes(':')
    const more: Partial<Ip> = { ttl: random.chance(0.05) ? random.below(3) : 64 }
    if (wide && random.chance(0.05)) more.extensions = [random.pick(extensions)]
    const data = random.pick([0, 4, 4, 19, 100, random.chance(0.1) ? 1452 : 30])
    const datagram = random.chance(0.5)
    const partial = offloads && !more.extensions && random.chance(0.3)
    const checksum = partial ? 'partial' : datagram && random.chance(0.05) ? 'none' : 'complete'
    const kind = { datagram, data }
    const frame = usualFrame(random, ends, [to, from], { ...more, checksum }, kind)
    if (random.chance(0.03)) damage(frame, random)
    if (!partial) return { port, frame: random.chance(0.1) ? padded(frame) : frame }
    const start = wide ? 54 : 34
    const [checksumOffset, header] = datagram ? [6, 8] : [16, 20]
    const whole = { ...NOTHING, flags: NEEDS_CSUM, checksumStart: start, checksumOffset }
    if (data < 40 || random.chance(0.4)) return { port, frame: { header: whole, frame } }
    const gsoType = datagram ? Gso.UDP_L4 : wide ? Gso.TCPV6 : Gso.TCPV4
    const cut = { gsoType, headerLength: start + header, gsoSize: 33 }
    return { port, frame: { header: { ...whole, ...cut }, frame } }
  }
}

/** Destination options, a part of a packet, and one that is whole (RFC 6946). */
const extensions: NonNullable<Ip['extensions']> = [
  [60, Uint8Array.of(0, 0, 1, 4, 0, 0, 0, 0)],
  [44, Uint8Array.of(0, 0, 0, 1, 0, 0, 0, 5)],
  [44, Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 5)],
]

/** Another octet somewhere in the headers; now and then the end is missing. */
function damage(frame: Uint8Array, random: Random): void {
  frame[random.pick([12, 14, 15, 18, 19, 20, 21, 22, 30, 38, 46, 53, 54, 58, 59, 66, 67])]! ^=
    1 << random.below(8)
}

function padded(frame: Uint8Array): Uint8Array {
  const longer = new Uint8Array(frame.length + 6)
  longer.set(frame)
  return longer
}

const slow = { receive: { frames: 200 }, transmit: { frames: 20 } } as const
const mirror = (direction: string) => ({ port: 'm', direction }) as never

/** Config that changes while flows go on, and what is known of MACs and neighbours. */
const changes: readonly ((made: Rig) => unknown)[] = [
  (made) => made.routes(...defaults, onLink as never),
  (made) => made.routes(...defaults, { to: '2001:db8:ffff::1/128' }),
  (made) => made.setPort('b', { up: false }),
  (made) => made.setPort('b', { up: true, mtu: 1280 }),
  (made) => made.setPort('b', { mtu: 1500, policy: { isolated: true } }),
  (made) => made.setPort('a', { policy: { isolated: true } }),
  (made) => made.setPort('a', { policy: {} }),
  (made) => made.setPort('a', { policy: { learning: false } }),
  (made) => made.setPort('a', { policy: { limits: slow } }),
  (made) => made.setPort('wan', { policy: {} }),
  (made) => made.setPort('wan', { policy: { limits: slow } }),
  (made) => made.setPort('wan', { policy: { mirror: mirror('transmit') } }),
  (made) => made.setPort('wan', { policy: { mirror: mirror('receive') } }),
  (made) => gateway(made, 'fd55::1/64', `${hostAddress(1)}/64`),
  (made) => gateway(made, 'fd55::1/64'),
  (made) => made.rules({ name: 'known', action: 'allow', state: ['established'] } as never),
  (made) => made.rules({ name: 'rest', action: 'allow' } as never),
  (made) => made.neighbors({ bridge: 'wan', address: '2001:db8::1', mac: '02:00:00:00:00:90' }),
  (made) => made.neighbors({ bridge: 'wan', address: '2001:db8::1', mac: '03:00:00:00:00:90' }),
  (made) => made.neighbors(),
  (made) => made.setStatic(station(1), 'b'),
  (made) => made.deleteEntry(station(1)),
  (made) => made.deleteEntry(NEXT, 'wan'),
  (made) => translating(made, 'endpoint-independent'),
  (made) => translating(made, 'address-dependent'),
]

/** The MAC of whoever has an address on a port. */
function ownerOf(port: string, address: string): Uint8Array {
  const host = Number(address.split(/[.:]/).at(-1)) - 10
  return port === 'wan' ? NEXT : station(host + (port === 'd' ? 70 : 1))
}

const answer = answerOf(ownerOf)

onEveryBuild('the short way through the router for IPv6', (build) => {
  test('agrees with the long way in what leaves, what is dropped and what is known', () => {
    const both = [bench(build, 256, 64), bench(build, 256, 64)] as const
    agree(both, new Traffic(new Random(30)), changes, answer, { steps: 150, seed: 31 })
  })

  test('takes a flow whose time is over for none before it is swept', () => {
    const made = bench(build, 256, 64)
    made.neighbors({ bridge: 'wan', address: '2001:db8::1', mac: '02:00:00:00:00:90' })
    const send = (...ports: number[]) => {
      const to = [remoteAddress(0), 53] as const
      const frames = ports.map((port) => udp({ from: [hostAddress(2), port], to }))
      for (const frame of frames) frame.set([...GATEWAY, ...station(3)])
      made.inject('a', ...frames).run()
    }
    const framesOf = (port: number) =>
      made.flows().flatMap(({ original, frames }) => (original.sourcePort === port ? frames : []))
    send(4000, 4001)
    send(4000, 4001)
    expect([framesOf(4000), framesOf(4001)]).toEqual([[2], [2]])
    for (const pause of [150_000, 140_000]) {
      made.advance(pause)
      send(4001)
    }
    made.advance(11_000)
    send(4001, 4000)
    expect([framesOf(4000), framesOf(4001)]).toEqual([[1], [5]])
  })

  test('agrees with it where tables are small', () => {
    const both = [bench(build, 24, 12), bench(build, 24, 12)] as const
    agree(both, new Traffic(new Random(32)), changes, answer, { steps: 150, seed: 33 })
  })
})
