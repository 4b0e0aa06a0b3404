/** From a snapshot a lab goes on as it went on without one, however often, whatever was under way. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  createLab,
  type Host,
  type Lab,
  type LabCapture,
  type TcpConnection,
} from '../../src/testing/index.js'

const HOSTS = 4
const host = fc.nat(HOSTS - 1)
const octets = fc.integer({ min: 0, max: 3000 })

const fault = fc.record(
  {
    delay: fc.constantFrom(0.5, 3, 40),
    jitter: fc.constantFrom('1ms', { time: '5ms', distribution: 'normal', reorder: true } as const),
    loss: fc.constantFrom('10%', { average: '10%', burst: 3 } as const),
    duplicate: fc.constantFrom('10%', { probability: '10%', correlation: '50%' } as const),
    corrupt: fc.constant('5%'),
    rate: fc.constantFrom('1Mbit', '50Mbit'),
    reorder: fc.constant({ probability: '20%', gap: 2 } as const),
    mtu: fc.constant(1400),
  },
  { requiredKeys: [] },
)

const action = fc.oneof(
  fc.record({
    does: fc.constant('ping'),
    from: host,
    to: host,
    count: fc.integer({ min: 1, max: 5 }),
    size: octets,
  }),
  fc.record({ does: fc.constant('datagram'), from: host, to: host, size: octets }),
  fc.record({ does: fc.constant('connect'), from: host, to: host }),
  fc.record({ does: fc.constant('write'), size: fc.integer({ min: 1, max: 3000 }) }),
  fc.record({ does: fc.constant('link'), of: host, settings: fault }),
  fc.record({ does: fc.constant('schedule'), of: host, settings: fault, in: fc.nat(300) }),
  fc.record({ does: fc.constant('cut'), from: host, to: host }),
  fc.record({ does: fc.constant('heal') }),
  fc.record({ does: fc.constant('host') }),
  fc.record({
    does: fc.constant('pass'),
    ms: fc.oneof(fc.nat(50), fc.nat(1500), fc.constant(70_000)),
  }),
)
type Action = typeof action extends fc.Arbitrary<infer T> ? T : never

/** Two behind a NAT, two on the outside; each answers datagrams and connections by handlers. */
class Scene {
  readonly clients: TcpConnection[] = []
  /** A connection of it has ended by itself: the program of one run has seen what that of another has not. */
  ended = false

  private constructor(
    readonly lab: Lab,
    readonly file: LabCapture,
  ) {}

  static async make(seed: number): Promise<Scene> {
    const lab = await createLab({ seed, clock: 'manual' })
    const lan = lab.bridge('lan', { gateway: ['10.55.0.1/24', 'fd55::1/64'] })
    const net = lab.bridge('net', { subnets: ['203.0.113.0/24'] })
    const scene = new Scene(lab, lab.capture())
    for (const [index, bridge] of [lan, lan, net, net].entries()) {
      const one = lab.host(`h${index}`, { bridge, link: { delay: '1ms' } })
      scene.#serve(one)
    }
    lab.router({
      uplinks: { wan: { bridge: net, addresses: ['203.0.113.10/24'] } },
      nat: [{ type: 'masquerade', from: { bridge: 'lan' }, uplink: 'wan' }],
    })
    return scene
  }

  #serve(one: Host): void {
    one.udp(7, (datagram) => void datagram.reply(datagram.data))
    one.udp(9)
    one.listen(80, ({ readable, writable }) => readable.pipeTo(writable))
  }

  #host(index: number): Host {
    return this.lab.hosts.get(`h${index}`) as Host
  }

  async all(actions: readonly Action[], clients: readonly TcpConnection[]): Promise<void> {
    for (const each of actions) {
      if (each.does === 'pass') await this.lab.advance(each.ms)
      else this.#act(each, clients)
    }
    await this.lab.advance(20)
  }

  #act(each: Exclude<Action, { does: 'pass' }>, clients: readonly TcpConnection[]): void {
    const { lab } = this
    const ignored = () => {}
    if (each.does === 'heal') lab.heal()
    else if (each.does === 'host') lab.host(`late${this.lab.hosts.size}`, { bridge: 'lan' })
    else if (each.does === 'link') lab.link(`h${each.of}`).set(each.settings)
    else if (each.does === 'schedule') {
      lab.link(`h${each.of}`).schedule([{ at: lab.now + each.in, settings: each.settings }])
    } else if (each.does === 'write') {
      for (const { writable } of clients) {
        const writer = writable.getWriter()
        writer.write(new Uint8Array(each.size)).catch(ignored)
        writer.releaseLock()
      }
    } else this.#send(each)
  }

  #send(each: Extract<Action, { from: number }>): void {
    const [from, to] = [this.#host(each.from), this.#host(each.to)]
    if (each.from === each.to) return
    const ignored = () => {}
    if (each.does === 'cut') this.lab.cut([from], [to])
    else if (each.does === 'ping') from.ping(to, { ...each, interval: '70ms' }).catch(ignored)
    else if (each.does === 'datagram') {
      const socket = from.udp()
      socket.send(to, 7, new Uint8Array(each.size)).catch(ignored)
    } else
      from.connect(to, 80).then(
        (one) => this.#opened(one),
        () => this.#over(),
      )
  }

  #opened(one: TcpConnection): void {
    this.clients.push(one)
    one.readable.pipeTo(new WritableStream()).then(
      () => this.#over(),
      () => this.#over(),
    )
  }

  #over(): void {
    this.ended = true
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.lab.close()
  }

  /** What can be seen of it from outside. */
  seen() {
    const { production } = this.lab.switch()
    return {
      hash: this.lab.hash(),
      now: this.lab.now,
      file: this.file.bytes(),
      fdb: production.fdb.list(),
      flows: [...production.flows.list()],
      drops: production.drops(),
      links: [...this.lab.hosts.keys()].map((name) => this.lab.link(name).counters),
    }
  }
}

test('handlers, NAT, faults with luck, transfers and connections at rest', async () => {
  let compared = 0
  await fc.assert(
    fc.asyncProperty(
      fc.nat(1000),
      fc.array(action, { maxLength: 14 }),
      fc.array(action, { maxLength: 14 }),
      async (seed, before, behind) => {
        await using scene = await Scene.make(seed)
        await using plain = await Scene.make(seed)
        await scene.all(before, [])
        const clients = [...scene.clients]
        fc.pre(!scene.ended)
        const [snapshot, then] = [scene.lab.snapshot(), scene.seen()]
        await scene.all(behind, clients)
        fc.pre(!scene.ended)
        const first = scene.seen()
        for (let time = 0; time < 2; time++) {
          scene.lab.restore(snapshot)
          expect(scene.seen()).toEqual(then)
          await scene.all(behind, clients)
          expect(scene.seen()).toEqual(first)
        }
        await plain.all(before, [])
        await plain.all(behind, [...plain.clients])
        expect(plain.seen()).toEqual(first)
        compared++
      },
    ),
    { numRuns: 25, seed: 20 },
  )
  expect(compared).toBeGreaterThan(20)
}, 120_000)
