import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import type {
  DirectoryBatch,
  DirectoryChange,
  KnownEndpoint,
  KnownPeer,
} from '../../src/control/directory/directory.js'
import { MemoryDirectory } from '../../src/control/directory/memory.js'

const KEEP = 60_000
const mac = (n: number) =>
  `02:00:00:00:${(n >> 8).toString(16).padStart(2, '0')}:${(n & 255).toString(16).padStart(2, '0')}`
const A = '192.0.2.1'
const B = '192.0.2.2'
const endpoint = (vtep: string, n = 1, addresses: string[] = []) => ({
  vni: 42,
  mac: mac(n),
  addresses,
  vtep,
})

/** A directory whose clock and scheduler the test moves, and what its first listener was told. */
function setUp() {
  const time = { now: 0 }
  const due: (() => void)[] = []
  const errors: unknown[] = []
  const directory = new MemoryDirectory({
    now: () => time.now,
    keep: KEEP,
    schedule: (tell) => void due.push(tell),
    onError: (error) => void errors.push(error),
  })
  const batches: DirectoryBatch[] = []
  const stop = directory.watch((batch) => void batches.push(batch))
  batches.length = 0
  /** Lets the scheduler run; what the listener was told of since. */
  const told = () => {
    for (const tell of due.splice(0)) tell()
    return batches.splice(0)
  }
  return { directory, time, due, errors, told, stop }
}

/** A change in a word or two: `added 02:…:01 at 192.0.2.1 by a, stale`. */
function words(change: DirectoryChange<KnownEndpoint> | DirectoryChange<KnownPeer>): string {
  const { vtep, source, stale, contested, ...rest } =
    change.op === 'removed' ? change.from : change.to
  const what = 'mac' in rest ? `${rest.mac.slice(-2)} at ${vtep}` : vtep
  return `${change.op} ${what} by ${source}${stale ? ', stale' : ''}${contested ? ', contested' : ''}`
}

const lines = (batches: DirectoryBatch[]) =>
  batches.map(({ peers, endpoints }) => [...peers, ...endpoints].map(words))

describe('a directory in memory', () => {
  test('has what was put into it, canonical and frozen', () => {
    const { directory } = setUp()
    directory.putPeer('s', { vni: 0, vtep: '2001:DB8:0::1', host: 'node-1' })
    directory.putEndpoint('s', {
      vni: 16_777_215,
      mac: '02-00-00-00-00-AA',
      addresses: ['FD00:0::2', '10.0.0.2', 'fd00::2'],
      vtep: '2001:DB8::1',
    })
    const marks = { source: 's', stale: false, contested: false }
    const peer = { vni: 0, vtep: '2001:db8::1', host: 'node-1', ...marks }
    const known = {
      vni: 16_777_215,
      mac: '02:00:00:00:00:aa',
      addresses: ['10.0.0.2', 'fd00::2'],
      vtep: '2001:db8::1',
      ...marks,
    }
    expect([...directory.peers()]).toEqual([peer])
    expect([...directory.endpoints()]).toEqual([known])
    expect(directory.peer(0, '2001:db8:0::1')).toEqual(peer)
    expect(directory.endpoint(16_777_215, '02-00-00-00-00-AA')).toEqual(known)
    expect(directory.endpoint(1, '02-00-00-00-00-AA')).toBeUndefined()
    expect(directory.counts).toEqual({ peers: 1, endpoints: 1, stale: 0 })
    const found = directory.endpoint(16_777_215, known.mac) as unknown as { addresses: string[] }
    expect(() => found.addresses.push('x')).toThrow(TypeError)
    expect(() => Object.assign(found, { stale: true })).toThrow(TypeError)
  })

  test.each<[object, string]>([
    [{ vni: -1 }, 'found -1; expected a whole number from 0 to 16777215'],
    [{ vni: 2 ** 24 }, 'found 16777216; expected a whole number from 0 to 16777215'],
    [{ vni: 1.5 }, 'found 1.5; expected a whole number from 0 to 16777215'],
    [{ mac: '01:00:5e:00:00:01' }, 'found "01:00:5e:00:00:01"; expected the MAC of a station'],
    [{ mac: '00:00:00:00:00:00' }, 'found "00:00:00:00:00:00"; expected the MAC of a station'],
    [{ mac: 'x' }, 'found "x"; expected a MAC address such as "02:55:00:00:00:02"'],
    [{ addresses: ['224.0.0.1'] }, 'found "224.0.0.1"; expected the address of one host'],
    [{ addresses: ['::'] }, 'found "::"; expected the address of one host'],
    [
      { addresses: ['10.0.0.1/24'] },
      'found "10.0.0.1/24"; expected an IPv4 or IPv6 address such as "10.55.0.2" or "fd55::2"',
    ],
    [{ addresses: Array(257).fill('10.0.0.1') }, 'found 257 addresses; expected at most 256'],
    [
      { vtep: '224.0.0.1' },
      'found "224.0.0.1"; expected a unicast address such as "192.0.2.11" or "2001:db8::12"',
    ],
  ])('refuses %j, and stays as it was', (more, message) => {
    const { directory, due } = setUp()
    expect(() => directory.putEndpoint('s', { ...endpoint(A), ...more })).toThrow(message)
    expect(directory.counts).toEqual({ peers: 0, endpoints: 0, stale: 0 })
    expect(due).toEqual([])
  })

  test('refuses peers that are none', () => {
    const { directory } = setUp()
    expect(() => directory.putPeer('s', { vni: 1, vtep: '0.0.0.0' })).toThrow('a unicast address')
    for (const host of ['', 'a\x1b[2J', 'x'.repeat(254)]) {
      expect(() => directory.putPeer('s', { vni: 1, vtep: A, host })).toThrow('the name of a host')
    }
    expect(directory.counts.peers).toBe(0)
  })
})

describe('listeners', () => {
  test('are told all that is known, then what changes, in batches', () => {
    const { directory, told } = setUp()
    directory.putPeer('s', { vni: 42, vtep: A })
    directory.putEndpoint('s', endpoint(A, 1))
    directory.putEndpoint('s', endpoint(A, 2))
    expect(lines(told())).toEqual([
      [`added ${A} by s`, `added 01 at ${A} by s`, `added 02 at ${A} by s`],
    ])

    const late: DirectoryBatch[] = []
    directory.watch((batch) => void late.push(batch))
    expect(late.map(({ snapshot }) => snapshot)).toEqual([true])
    expect(lines(late)).toEqual([
      [`added ${A} by s`, `added 01 at ${A} by s`, `added 02 at ${A} by s`],
    ])

    directory.putEndpoint('s', endpoint(A, 1, ['10.0.0.1']))
    directory.removeEndpoint('s', 42, mac(2))
    directory.removePeer('s', 42, A)
    const [batch, ...more] = told()
    expect(more).toEqual([])
    expect(batch?.snapshot).toBe(false)
    const marks = { source: 's', stale: false, contested: false }
    expect(batch?.endpoints[0]).toEqual({
      op: 'changed',
      from: { ...endpoint(A, 1), ...marks },
      to: { ...endpoint(A, 1, ['10.0.0.1']), ...marks },
    })
    expect(lines([batch as DirectoryBatch])).toEqual([
      [`removed ${A} by s`, `changed 01 at ${A} by s`, `removed 02 at ${A} by s`],
    ])
    expect(late[1]).toEqual(batch)
  })

  test('get an empty snapshot of an empty directory', () => {
    const { directory } = setUp()
    const listener = vi.fn()
    directory.watch(listener)
    expect(listener.mock.calls).toEqual([[{ snapshot: true, peers: [], endpoints: [] }]])
  })

  test('are not told of what is again as it was, or was never there', () => {
    const { directory, told } = setUp()
    directory.putEndpoint('s', endpoint(A, 1, ['10.0.0.1', '10.0.0.2']))
    told()
    directory.putEndpoint('s', endpoint(A, 1, ['10.0.0.2', '10.0.0.1']))
    directory.putEndpoint('s', endpoint(A, 2))
    directory.removeEndpoint('s', 42, mac(2))
    directory.removeEndpoint('s', 42, mac(1))
    directory.putEndpoint('s', endpoint(A, 1, ['10.0.0.1', '10.0.0.2']))
    directory.lose('s')
    directory.putEndpoint('s', endpoint(A, 1, ['10.0.0.1', '10.0.0.2']))
    expect(told()).toEqual([])
  })

  test('are called once for a burst of changes', () => {
    const { directory, due, told } = setUp()
    for (let n = 0; n < 1000; n++) directory.putEndpoint('s', endpoint(A, n + 1))
    expect(due).toHaveLength(1)
    expect(told()).toMatchObject([{ endpoints: { length: 1000 } }])
    expect(directory.removeEndpoint('s', 42, mac(5000))).toBe(false)
    expect(due).toEqual([])
  })

  test('that come in between hear of nothing twice', () => {
    const { directory, told } = setUp()
    directory.putEndpoint('s', endpoint(A, 1))
    const late: DirectoryBatch[] = []
    directory.watch((batch) => void late.push(batch))
    expect(lines(told())).toEqual([[`added 01 at ${A} by s`]])
    expect(lines(late)).toEqual([[`added 01 at ${A} by s`]])
  })

  test('that went are not called, even when another one stops them', () => {
    const { directory, told, stop } = setUp()
    const second = vi.fn()
    const stops: (() => void)[] = []
    directory.watch(() => {
      for (const stop of stops) stop()
    })
    stops.push(directory.watch(second))
    second.mockClear()
    directory.putEndpoint('s', endpoint(A, 1))
    stop()
    expect(told()).toEqual([])
    expect(second).not.toHaveBeenCalled()
  })

  test('may change the directory and watch it: all are told in order', () => {
    const { directory, told } = setUp()
    const inner: string[][] = []
    const last: string[][] = []
    let done = false
    directory.watch(({ snapshot }) => {
      if (snapshot || done) return
      done = true
      directory.putEndpoint('s', endpoint(B, 2))
      directory.watch((batch) => void inner.push(...lines([batch])))
      expect(inner).toEqual([])
    })
    directory.watch((batch) => void last.push(...lines([batch])))
    directory.putEndpoint('s', endpoint(A, 1))
    expect(lines(told())).toEqual([[`added 01 at ${A} by s`], [`added 02 at ${B} by s`]])
    expect(last).toEqual([[], [`added 01 at ${A} by s`], [`added 02 at ${B} by s`]])
    expect(inner).toEqual([[`added 01 at ${A} by s`, `added 02 at ${B} by s`]])
    expect(told()).toEqual([])
  })

  test('that fail keep nothing from the others', () => {
    const { directory, told, errors } = setUp()
    const failing = vi.fn(() => {
      throw new Error('it fails')
    })
    const after = vi.fn()
    directory.watch(failing)
    directory.watch(after)
    directory.putEndpoint('s', endpoint(A, 1))
    expect(told()).toHaveLength(1)
    expect(after).toHaveBeenCalledTimes(2)
    expect(errors).toEqual([new Error('it fails'), new Error('it fails')])
  })

  test('are told in a microtask unless another time is given', async () => {
    const directory = new MemoryDirectory({ now: () => 0, keep: KEEP })
    const listener = vi.fn()
    directory.watch(listener)
    for (const n of [1, 2]) directory.putEndpoint('s', endpoint(A, n))
    expect(listener).toHaveBeenCalledTimes(1)
    await Promise.resolve()
    expect(listener).toHaveBeenCalledTimes(2)
    directory.putEndpoint('s', endpoint(A, 3))
    directory.flush()
    expect(listener).toHaveBeenCalledTimes(3)
    await Promise.resolve()
    expect(listener).toHaveBeenCalledTimes(3)
  })
})

describe('a source that is lost', () => {
  test('leaves what it said, marked, until its time is over', () => {
    const { directory, time, told } = setUp()
    directory.putPeer('s', { vni: 42, vtep: A })
    directory.putEndpoint('s', endpoint(A, 1))
    directory.putEndpoint('other', endpoint(B, 2))
    told()
    expect(directory.nextExpiry).toBeUndefined()
    time.now = 1000
    directory.lose('s')
    expect(lines(told())).toEqual([[`changed ${A} by s, stale`, `changed 01 at ${A} by s, stale`]])
    expect(directory.counts).toEqual({ peers: 1, endpoints: 2, stale: 2 })
    expect(directory.nextExpiry).toBe(1000 + KEEP)

    time.now = 1000 + KEEP - 1
    directory.expire()
    expect(told()).toEqual([])
    time.now = 1000 + KEEP
    directory.expire()
    expect(lines(told())).toEqual([[`removed ${A} by s, stale`, `removed 01 at ${A} by s, stale`]])
    expect(directory.counts).toEqual({ peers: 0, endpoints: 1, stale: 0 })
    expect(directory.nextExpiry).toBeUndefined()
  })

  test('that is lost again does not live longer by it', () => {
    const { directory, time, told } = setUp()
    for (const n of [1, 2]) directory.putEndpoint('s', endpoint(A, n))
    directory.lose('s')
    directory.putEndpoint('s', endpoint(A, 2))
    time.now = 5000
    directory.lose('s')
    told()
    time.now = KEEP
    directory.expire()
    expect(lines(told())).toEqual([[`removed 01 at ${A} by s, stale`]])
    expect(directory.nextExpiry).toBe(5000 + KEEP)
    time.now = 5000 + KEEP
    directory.expire()
    expect(lines(told())).toEqual([[`removed 02 at ${A} by s, stale`]])
  })

  test('that is back confirms what it says again; the rest goes when it has told all', () => {
    const { directory, told } = setUp()
    for (const n of [1, 2, 3]) directory.putEndpoint('s', endpoint(A, n))
    directory.lose('s')
    told()
    directory.putEndpoint('s', endpoint(A, 1))
    directory.putEndpoint('s', endpoint(B, 2))
    expect(lines(told())).toEqual([[`changed 01 at ${A} by s`, `changed 02 at ${B} by s`]])
    directory.synced('s')
    expect(lines(told())).toEqual([[`removed 03 at ${A} by s, stale`]])
    expect(directory.counts.stale).toBe(0)
  })

  test('is another than one that takes its leave', () => {
    const { directory, told } = setUp()
    directory.putPeer('s', { vni: 42, vtep: A })
    directory.putEndpoint('s', endpoint(A, 1))
    directory.putEndpoint('other', endpoint(B, 2))
    directory.lose('s')
    told()
    directory.forget('s')
    expect(lines(told())).toEqual([[`removed ${A} by s, stale`, `removed 01 at ${A} by s, stale`]])
    expect(directory.counts).toEqual({ peers: 0, endpoints: 1, stale: 0 })
    directory.forget('never seen')
    directory.lose('never seen')
    expect(told()).toEqual([])
  })
})

describe('two sources', () => {
  test('that claim one MAC: the one that spoke last counts, and it is marked', () => {
    const { directory, told } = setUp()
    directory.putEndpoint('a', endpoint(A))
    told()
    directory.putEndpoint('b', endpoint(B))
    expect(lines(told())).toEqual([[`changed 01 at ${B} by b, contested`]])
    directory.putEndpoint('a', endpoint(A))
    expect(lines(told())).toEqual([[`changed 01 at ${A} by a, contested`]])
    directory.removeEndpoint('a', 42, mac(1))
    expect(lines(told())).toEqual([[`changed 01 at ${B} by b`]])
    directory.removeEndpoint('b', 42, mac(1))
    expect(lines(told())).toEqual([[`removed 01 at ${B} by b`]])
  })

  test('of which one is lost: the other counts, and nobody contests it', () => {
    const { directory, time, told } = setUp()
    directory.putEndpoint('a', endpoint(A))
    directory.putEndpoint('b', endpoint(B))
    told()
    directory.lose('b')
    expect(lines(told())).toEqual([[`changed 01 at ${A} by a`]])
    directory.lose('a')
    // Of two that are stale, the one that spoke last.
    expect(lines(told())).toEqual([[`changed 01 at ${B} by b, stale`]])
    time.now = KEEP
    directory.expire()
    expect(lines(told())).toEqual([[`removed 01 at ${B} by b, stale`]])
  })

  test('that say the same do not contest it', () => {
    const { directory, told } = setUp()
    directory.putEndpoint('a', endpoint(A, 1, ['10.0.0.1']))
    directory.putEndpoint('b', endpoint(A, 1, ['10.0.0.2']))
    expect(lines(told())).toEqual([[`added 01 at ${A} by b`]])
    expect(directory.counts.endpoints).toBe(1)
  })

  test('that claim one VTEP are told apart by their hosts', () => {
    const { directory, told } = setUp()
    const peer = { vni: 42, vtep: A }
    directory.putPeer('static', peer)
    directory.putPeer('a', { ...peer, host: 'node-1' })
    expect(lines(told())).toEqual([[`added ${A} by a`]])
    directory.putPeer('b', { ...peer, host: 'node-2' })
    expect(lines(told())).toEqual([[`changed ${A} by b, contested`]])
    directory.forget('a')
    expect(lines(told())).toEqual([[`changed ${A} by b`]])
  })

  test('of many, each by itself', () => {
    const { directory } = setUp()
    for (let n = 0; n < 50; n++) directory.putEndpoint(`s${n}`, endpoint(`192.0.2.${n + 1}`))
    for (let n = 0; n < 49; n++) directory.forget(`s${n}`)
    expect([...directory.endpoints()]).toMatchObject([{ vtep: '192.0.2.50', contested: false }])
  })
})

/** What each source says, kept the slow way. */
class Model {
  claims: { source: string; n: number; vtep: string; order: number; since?: number }[] = []
  order = 0

  put(source: string, n: number, vtep: string): void {
    this.remove(source, n)
    this.claims.push({ source, n, vtep, order: this.order++ })
  }
  remove(source: string, n: number): void {
    this.claims = this.claims.filter((claim) => claim.source !== source || claim.n !== n)
  }
  lose(source: string, now: number): void {
    for (const claim of this.claims) if (claim.source === source) claim.since ??= now
  }
  drop(gone: (claim: Model['claims'][number]) => boolean): void {
    this.claims = this.claims.filter((claim) => !gone(claim))
  }
  known(): Map<string, object> {
    const known = new Map<string, object>()
    for (const n of new Set(this.claims.map((claim) => claim.n))) {
      const all = this.claims.filter((claim) => claim.n === n).sort((a, b) => b.order - a.order)
      const live = all.filter(({ since }) => since === undefined)
      const [best] = live.length > 0 ? live : all
      if (best === undefined) continue
      const { source, vtep } = best
      const contested = live.some((claim) => claim.vtep !== vtep)
      const stale = live.length === 0
      known.set(mac(n), { ...endpoint(vtep, n), source, stale, contested })
    }
    return known
  }
}

const source = fc.constantFrom('a', 'b', 'c')
const number = fc.integer({ min: 1, max: 3 })
const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      op: fc.constant('put' as const),
      source,
      number,
      vtep: fc.constantFrom(A, B),
    }),
  },
  fc.record({ op: fc.constant('remove' as const), source, number }),
  fc.record({ op: fc.constantFrom('lose' as const, 'synced' as const, 'forget' as const), source }),
  fc.record({ op: fc.constant('time' as const), by: fc.constantFrom(1, KEEP / 2, KEEP) }),
  fc.record({ op: fc.constantFrom('tell' as const, 'watch' as const) }),
)

/** What a listener knows who believes every batch, and checks that it may. */
function follower(known: Map<string, object>) {
  let first = true
  return ({ snapshot, endpoints }: DirectoryBatch) => {
    expect(snapshot).toBe(first)
    expect(first || endpoints.length > 0).toBe(true)
    first = false
    for (const change of endpoints) {
      const { mac } = change.op === 'removed' ? change.from : change.to
      expect(known.get(mac)).toEqual(change.op === 'added' ? undefined : change.from)
      if (change.op === 'changed') expect(change.to).not.toEqual(change.from)
      if (change.op === 'removed') known.delete(mac)
      else known.set(mac, change.to)
    }
  }
}

test('whatever is said, lost and forgotten: all listeners know what the sources say', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const { directory, time, told } = setUp()
      const model = new Model()
      const followers: Map<string, object>[] = []
      for (const step of steps) {
        if (step.op === 'put') {
          directory.putEndpoint(step.source, endpoint(step.vtep, step.number))
          model.put(step.source, step.number, step.vtep)
        } else if (step.op === 'remove') {
          const said = model.claims.some(
            ({ source, n }) => source === step.source && n === step.number,
          )
          expect(directory.removeEndpoint(step.source, 42, mac(step.number))).toBe(said)
          model.remove(step.source, step.number)
        } else if (step.op === 'lose') {
          directory.lose(step.source)
          model.lose(step.source, time.now)
        } else if (step.op === 'synced' || step.op === 'forget') {
          directory[step.op](step.source)
          const staleOnly = step.op === 'synced'
          model.drop(
            ({ source, since }) => source === step.source && (!staleOnly || since !== undefined),
          )
        } else if (step.op === 'time') {
          time.now += step.by
          directory.expire()
          model.drop(({ since = time.now }) => time.now - since >= KEEP)
        } else if (step.op === 'tell') told()
        else {
          followers.push(new Map())
          directory.watch(follower(followers.at(-1) as Map<string, object>))
        }
        const known = model.known()
        expect(new Map([...directory.endpoints()].map((one) => [one.mac, one]))).toEqual(known)
        const stale = model.claims.filter(({ since }) => since !== undefined)
        expect(directory.counts).toEqual({ peers: 0, endpoints: known.size, stale: stale.length })
        const next =
          stale.length === 0 ? undefined : Math.min(...stale.map(({ since = 0 }) => since)) + KEEP
        expect(directory.nextExpiry).toBe(next)
      }
      directory.flush()
      for (const known of followers) expect(known).toEqual(model.known())
    }),
    { numRuns: 500 },
  )
})

test('a hundred thousand endpoints come in one batch, and what happens to one of them is about that one', () => {
  const { directory, time, told } = setUp()
  const many = (n: number) => ({ ...endpoint(A), mac: mac(n & 0xffff), vni: n >> 16 })
  for (let n = 1; n <= 100_000; n++) directory.putEndpoint(n === 7 ? 'one' : 'all', many(n))
  expect(told()).toMatchObject([{ endpoints: { length: 100_000 } }])
  directory.lose('one')
  expect(told()).toMatchObject([{ endpoints: { length: 1 } }])
  time.now = KEEP
  directory.expire()
  expect(told()).toMatchObject([{ endpoints: { length: 1 } }])
  expect(directory.counts).toEqual({ peers: 0, endpoints: 99_999, stale: 0 })
})
