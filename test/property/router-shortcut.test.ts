/**
 * The short way through the router agrees with the long one: two switches get the same frames, one of
 * which watches for a frame that never comes, and so handles every frame as if somebody looked on. What
 * leaves, what is dropped and what is known of flows is the same at every step.
 */
import { test } from 'vitest'
import { onEveryBuild } from '../support/builds.js'
import { station } from '../support/frames.js'
import { arpFrame, mac, readArp } from '../support/ip.js'
import { type Ip, readIp, type udp } from '../support/nat-packets.js'
import { access, trunk } from '../support/policy.js'
import { Random } from '../support/random.js'
import { type Rig, rig } from '../support/rig.js'
import { agree, type Given } from '../support/two-ways.js'
import { usualFrame } from '../support/usual-frame.js'
import { Gso, NEEDS_CSUM, NOTHING } from '../support/virtio.js'
import { pop, push, pushOffloaded, tagsOf, tci } from '../support/vlan.js'

const TWO = { steps: 110, seed: 22 }
const HOSTS = 5
const GATEWAY = mac('02:ff:00:00:00:01')
const UPLINK = mac('02:ff:00:00:00:02')
const OTHER_GATEWAY = mac('02:ff:00:00:00:03')
const NEXT = station(90)
const hostAddress = (host: number) => `10.55.0.${host + 10}`
const remoteAddress = (remote: number) => `198.51.100.${remote + 1}`

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
  protected readonly random: Random
  /** What left by the uplink last, and is answered. */
  readonly #left: Uint8Array[] = []
  readonly #places = new Map<number, string>()

  constructor(random: Random) {
    this.random = random
  }

  next(): Given {
    return this.random.chance(0.5) && this.#left.length > 0 ? this.#answer() : this.call()
  }

  noteLeft(frame: Uint8Array): void {
    if (frame[12] !== 8 || frame[13] !== 0) return
    if (this.#left.length < 40) this.#left.push(frame)
    else this.#left[this.random.below(40)] = frame
  }

  /** A host is somewhere else from now on. */
  move(): void {
    this.#places.set(this.random.below(HOSTS), this.random.pick(['a', 'b', 'c']))
  }

  protected call(): Given {
    const random = this.random
    const host = random.below(HOSTS)
    const port = this.#places.get(host) ?? 'a'
    if (random.chance(0.03)) return { port, frame: this.#announcement(host) }
    const near = random.pick(['10.66.0.7', hostAddress(0), hostAddress(1)])
    const to = random.chance(0.3) ? near : remoteAddress(random.below(3))
    const ends = {
      from: [hostAddress(host), 4000 + random.below(2)],
      to: [to, 50 + random.below(2)],
    } as const
    return this.frame(port, ends, GATEWAY, station(host + 1))
  }

  /** A host has another MAC from now on, or its own again: what is behind in the burst goes there. */
  #announcement(host: number): Uint8Array {
    const senderMac = station(host + (this.random.chance(0.5) ? 1 : 40))
    const said = { operation: 'request', sender: hostAddress(host), target: '10.55.0.1' } as const
    return arpFrame({ ...said, senderMac })
  }

  #answer(): Given {
    const { source, sourcePort, destination, destinationPort } = readIp(
      this.random.pick(this.#left),
    )
    const ends = { from: [destination, destinationPort], to: [source, sourcePort] } as const
    return this.frame('wan', ends, UPLINK, NEXT)
  }

  protected frame(
    port: string,
    ends: Parameters<typeof udp>[0],
    to: Uint8Array,
    from: Uint8Array,
  ): Given {
    const random = this.random
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
    const kind = { datagram, data }
    const frame = usualFrame(random, ends, [to, from], { ...more, checksum }, kind)
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

/** Two VLANs with a gateway each, whose traffic meets in one burst, and small tables. */
function vlanBench(build: Parameters<typeof rig>[0]): Rig {
  const capacity = { flows: 64, flows6: 0, neighbors: 12, macs: 30 }
  const made = rig(build, { capacity })
    .bridge('lan', { vlanAware: true })
    .port('m', { bridge: 'watch' })
  made.port('a', { offloads: true, policy: TRUNK }).port('b', { policy: ACCESS })
  made.port('c', { policy: { vlan: access(10) } })
  made.uplink('wan', { addresses: ['203.0.113.10/24'], mac: '02:ff:00:00:00:02', offloads: true })
  made.gateway('lan', { addresses: ['10.55.0.1/24'], mac: '02:ff:00:00:00:01', vlan: 20 })
  made.gateway('lan', { addresses: ['10.66.0.1/24'], mac: '02:ff:00:00:00:03', vlan: 10 })
  return restricted(made.routes({ to: '0.0.0.0/0', via: '203.0.113.1' }), 'address-dependent')
}

const TRUNK = { vlan: trunk([10], { native: 20 }) }
const ACCESS = { vlan: access(20) }

function restricted(made: Rig, filtering: 'address-dependent' | 'endpoint-independent'): Rig {
  const to = ['10.55.0.10:51']
  const published = { name: 'web', listen: 'wan:50', to, protocol: ['tcp', 'udp'] }
  const fixed = { inside: '10.55.0.11', outside: '203.0.113.20', uplink: 'wan' } as const
  const leaving = { from: { bridge: 'lan', vlan: 20 }, uplink: 'wan', ports: 'preserve' } as const
  return made.nat(
    [{ type: 'static', ...fixed } as never, { type: 'masquerade', ...leaving, filtering } as never],
    [published as never],
  )
}

/** The same hosts in either of two VLANs, called from outside too. */
class VlanTraffic extends Traffic {
  protected override call(): Given {
    const random = this.random
    if (random.chance(0.15)) {
      const to = random.pick(['203.0.113.10', '203.0.113.20'])
      const ends = {
        from: [remoteAddress(random.below(3)), 50],
        to: [to, 50 + random.below(2)],
      } as const
      return this.frame('wan', ends, UPLINK, NEXT)
    }
    const host = random.below(HOSTS)
    const vlan = random.pick([10, 20])
    const own = vlan === 10 ? `10.66.0.${host + 10}` : hostAddress(host)
    const outer = [`203.0.113.${random.pick([10, 20])}`, remoteAddress(random.below(3))]
    const near = [`10.66.0.${random.below(8) + 10}`, hostAddress(random.below(8))]
    const ends = {
      from: [own, 4000 + random.below(2)],
      to: [random.pick([...outer, ...near]), 50 + random.below(2)],
    } as const
    const place = random.chance(0.9) ? host % 2 : random.below(2)
    const port = place === 0 ? 'a' : vlan === 10 ? 'c' : 'b'
    const router = random.chance(0.97) ? vlan : 30 - vlan
    const to = router === 10 ? OTHER_GATEWAY : GATEWAY
    const from = random.chance(0.03)
      ? random.pick([GATEWAY, OTHER_GATEWAY, station(99)])
      : station(host + 1)
    const given = this.frame(port, ends, to, from)
    if (port !== 'a' || vlan === 20) return given
    const control = tci(10, random.below(8))
    const { frame } = given
    if (frame instanceof Uint8Array) return { port, frame: push(frame, control) }
    return { port, frame: pushOffloaded(frame, control) }
  }
}

const slow = { receive: { frames: 200 }, transmit: { frames: 20 } } as const

/** What ports can be told, and what is known of MACs. */
const policies: readonly ((made: Rig) => unknown)[] = [
  (made) => made.setPort('a', { policy: TRUNK }),
  (made) => made.setPort('b', { policy: ACCESS }),
  (made) => made.setPort('wan', { policy: {} }),
  (made) => made.setPort('a', { policy: { ...TRUNK, limits: slow } }),
  (made) => made.setPort('wan', { policy: { limits: { ...slow, unknownUnicast: 10 } } }),
  (made) => made.setPort('b', { policy: { ...ACCESS, limits: { macs: 2 } } }),
  (made) => made.setPort('b', { policy: { ...ACCESS, sticky: true } }),
  (made) => made.setPort('a', { policy: { ...TRUNK, isolated: true } }),
  (made) => made.setPort('b', { policy: { ...ACCESS, isolated: true } }),
  (made) => made.setPort('b', { policy: { ...ACCESS, learning: false } }),
  (made) => made.setPort('a', { policy: { ...TRUNK, learning: false } }),
  (made) => made.setPort('b', { policy: { ...ACCESS, learning: false, locked: true } }),
  (made) =>
    made.setPort('a', { policy: { ...TRUNK, mirror: { port: 'm', direction: 'both' } as never } }),
  (made) =>
    made.setPort('wan', { policy: { mirror: { port: 'm', direction: 'transmit' } as never } }),
  (made) => made.setStatic(station(1), 'b', 'lan', 20),
  (made) => made.setStatic(station(2), 'b', 'lan', 20),
  (made) => made.deleteEntry(station(1), 'lan', 20),
  (made) => made.deleteEntry(station(2), 'lan', 20),
  (made) => made.deleteEntry(NEXT, 'wan'),
  (made) => made.setPort('wan', { up: false }),
  (made) => made.setPort('wan', { up: true }),
  (made) => restricted(made, 'endpoint-independent'),
  (made) => restricted(made, 'address-dependent'),
  (made) => made.neighbors({ bridge: 'wan', address: '203.0.113.1', mac: '03:00:00:00:00:90' }),
  (made) => made.neighbors(),
]

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

/** What somebody that is asked for by ARP answers, so that neighbours become stale and known again. */
function answerArp(port: string, came: Uint8Array): Uint8Array | undefined {
  const tagged = tagsOf(came).length > 0
  const frame = tagged ? pop(came) : came
  const read = readArp(frame)
  if (read?.operation !== 'request') return undefined
  const host = Number(read.target.split('.')[3]) - 10
  const own = port === 'wan' ? NEXT : port === 'd' ? station(70) : station(host + 1)
  const reply = { operation: 'reply', sender: read.target, target: read.sender } as const
  const to = frame.slice(6, 12)
  const answer = arpFrame({ ...reply, senderMac: own, targetMac: to })
  return tagged ? push(answer, tci(10)) : answer
}

onEveryBuild('the short way through the router', (build) => {
  test('agrees with the long way in what leaves, what is dropped and what is known', () => {
    agree([bench(build), bench(build)], new Traffic(new Random(20)), changes, answerArp, TWO)
  })

  test('agrees with it between VLANs, with small tables and with policies of ports', () => {
    agree(
      [vlanBench(build), vlanBench(build)],
      new VlanTraffic(new Random(21)),
      policies,
      answerArp,
      TWO,
    )
  })
})
