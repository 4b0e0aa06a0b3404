/**
 * The short way of the first packets of flows agrees with the long one: two switches get the same frames,
 * one of which watches for a frame that never comes, and so handles every frame as if somebody looked on.
 * Most frames begin a flow, of tables so small that hosts have their share and flows make way for others.
 */
import { expect, test } from 'vitest'
import { onEveryBuild } from '../support/builds.js'
import { startCapture, Wants } from '../support/capturing.js'
import { station } from '../support/frames.js'
import { mac } from '../support/ip.js'
import { Flag, tcp, udp } from '../support/nat-packets.js'
import { Random } from '../support/random.js'
import { type Rig, rig } from '../support/rig.js'

const STEPS = 60
const HOSTS = 6
const GATEWAY = mac('02:ff:00:00:00:01')
/** More than any link takes. */
const MSS = [2, 4, 35, 40]
const addressOf = (host: number) => `10.55.0.${host + 10}`

function bench(build: Parameters<typeof rig>[0]): Rig {
  const made = rig(build, { capacity: { flows: 200, flows6: 0, rules: 400 } })
  made.port('a').port('b').port('d', { bridge: 'other' })
  made.uplink('wan', { addresses: ['203.0.113.10/24'], mac: '02:ff:00:00:00:02' })
  made.gateway('lan', { addresses: ['10.55.0.1/24'], mac: '02:ff:00:00:00:01' })
  made.gateway('other', { addresses: ['10.66.0.1/24'], mac: '02:ff:00:00:00:03' })
  made.routes({ to: '0.0.0.0/0', via: '203.0.113.1' })
  made.neighbors(
    { bridge: 'wan', address: '203.0.113.1', mac: '02:00:00:00:00:90' },
    { bridge: 'other', address: '10.66.0.7', mac: '02:00:00:00:00:70' },
  )
  return translated(made, {})
}

/** All that leaves is masqueraded but what one host sends, which has an address of its own. */
function translated(made: Rig, more: object): Rig {
  const fixed = { type: 'static', inside: addressOf(5), outside: '203.0.113.20', uplink: 'wan' }
  const leaving = { type: 'masquerade', from: { bridge: 'lan' }, uplink: 'wan', ...more }
  const published = { name: 'web', listen: 'wan:2000', to: [`${addressOf(0)}:80`] }
  return made.nat(
    [fixed as never, leaving as never],
    [{ ...published, protocol: ['udp'] } as never],
  )
}

/** Rules of a network and a port each, and one that takes a host; few, or so many that they are listed. */
function rules(count: number, random: Random): Parameters<Rig['rules']> {
  const each = Array.from({ length: count }, (_, index) => ({
    ...{ name: `rule-${index}`, protocol: random.pick(['udp', 'tcp']) },
    action: random.pick(['deny', 'reject', 'allow']),
    to: { prefix: `198.51.${index % 40}.0/${random.pick([24, 24, 30])}` },
    destinationPort: [random.chance(0.2) ? '40-70' : 40 + random.below(30)],
  }))
  const last = { name: 'last', action: 'allow', from: { prefix: `${addressOf(1)}/32` } }
  return [...each, last] as never
}

const changes: readonly ((made: Rig, random: Random) => unknown)[] = [
  (made) => translated(made, { ports: 'random' }),
  (made) => translated(made, { ports: 'random', filtering: 'endpoint-independent' }),
  (made) => translated(made, { ports: 'preserve', filtering: 'address-dependent' }),
  (made) => translated(made, { ports: 'parity' }),
  (made) => made.nat([]),
  (made) => made.rules(),
  (made, random) => made.rules(...rules(5, random)),
  (made, random) => made.rules(...rules(300, random)),
  (made) => made.setPort('wan', { mtu: 576 }),
  (made) => made.setPort('wan', { mtu: 1500 }),
]

/** Now and then one that was sent before, again, in this burst or a later one. */
class Calls {
  readonly #random: Random
  readonly #before: { port: string; frame: Uint8Array }[] = []

  constructor(random: Random) {
    this.#random = random
  }

  next(): { port: string; frame: Uint8Array } {
    const random = this.#random
    if (this.#before.length > 0 && random.chance(0.2)) return random.pick(this.#before)
    // One of them calls more than a host may.
    const host = random.chance(0.3) ? 0 : random.below(HOSTS)
    const near = random.pick(['10.66.0.7', '10.66.0.9', '203.0.113.10', '203.0.113.20'])
    const far = `198.51.${random.below(44)}.${random.below(250)}`
    const ends = {
      from: [addressOf(host), 1000 + random.below(3000)],
      to: [random.chance(0.1) ? near : far, 40 + random.below(31)],
    } as const
    const more = {
      ttl: random.chance(0.03) ? random.below(3) : 64,
      fragment: random.chance(0.5) ? 0x4000 : 0,
    }
    const data = random.pick([0, 10, 40, 700])
    const flags = random.pick([Flag.SYN, Flag.SYN, Flag.SYN, Flag.ACK, random.below(32)])
    const segment = { flags, data, options: random.chance(0.7) ? MSS : [] }
    const frame = random.chance(0.5) ? udp(ends, more, data) : tcp(ends, segment, more)
    frame.set(GATEWAY, 0)
    frame.set(station(random.chance(0.02) ? 77 : host + 1), 6)
    const given = { port: host % 2 === 0 ? 'a' : 'b', frame }
    this.#before.push(given)
    return given
  }
}

onEveryBuild('the short way of first packets', (build) => {
  test('agrees with the long way in what leaves, what is dropped and what is known', () => {
    const [quick, watched] = [bench(build), bench(build)]
    startCapture(watched, 0, { wants: Wants.RECEIVED | Wants.MAC, mac: station(200) })
    const random = new Random(30)
    const calls = new Calls(new Random(31))
    let left = 0
    for (let step = 0; step < STEPS; step++) {
      if (random.chance(0.5)) {
        const change = random.pick(changes)
        const seed = random.below(1000)
        for (const made of [quick, watched]) change(made, new Random(seed))
      }
      const burst = Array.from({ length: 1 + random.below(150) }, () => calls.next())
      const pause = random.pick([0, 1, 200, 40_000, 400_000])
      for (const made of [quick, watched]) {
        for (const { port, frame } of burst) made.inject(port, frame.slice())
        made.run().advance(pause)
      }
      for (const port of quick.topology.ports.keys()) {
        const sent = quick.sent(port)
        expect(watched.sent(port), `by ${port} in step ${step}`).toEqual(sent)
        left += sent.length
      }
      expect(watched.drops()).toEqual(quick.drops())
      expect(watched.flows()).toEqual(quick.flows())
    }
    expect(left).toBeGreaterThan(STEPS * 10)
    expect(quick.drops()).toHaveProperty(['a flow-limit'])
  })
})
