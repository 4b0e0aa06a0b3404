/** The hash table of assembly/table: it holds what it is rated for, through all changes. */
import { expect, test } from 'vitest'
import { memorySize, WITHOUT_ROUTER } from '../../src/dataplane/instance.js'
import { memoryOf, moduleOf, onEveryBuild } from '../support/builds.js'
import { BROADCAST, frame, station } from '../support/frames.js'
import { Random } from '../support/random.js'
import { rig } from '../support/rig.js'
import { lockAll, mixed, numberings, Table } from '../support/table.js'

/** Inserts entries `from` to `end` - 1; returns the first that was refused, or -1. */
function fill(
  table: Table,
  of: (index: number) => [number, number],
  from: number,
  end: number,
): number {
  for (let index = from; index < end; index++) if (!table.set(of(index))) return index
  return -1
}

onEveryBuild('the table', (build) => {
  test.each([1, 2, 7, 35, 100, 1000, 65_536])(
    'takes every one of %i addresses, and not one more, whatever the seed',
    (capacity) => {
      for (const seed of [0, 1, 2, 3, 0xdeadbeef]) {
        const table = new Table(build, capacity, [seed, mixed(seed)])
        expect(fill(table, numberings.random!, 0, capacity)).toBe(-1)
        expect(table.count).toBe(capacity)
        expect(table.set(numberings.random!(capacity))).toBe(false)
        expect(table.count).toBe(capacity)
        if (capacity > 10_000) break
      }
    },
  )

  test.each(Object.entries(numberings))('takes 20,000 addresses %s, whatever the seed', (_, of) => {
    for (let seed = 0; seed < 12; seed++) {
      const table = new Table(build, 20_000, [mixed(seed), mixed(seed + 1000)])
      expect(fill(table, of, 0, 20_000)).toBe(-1)
    }
  })

  test('takes 1,000,000 addresses at 32 bytes each or less, and finds them all', () => {
    const capacity = 1_000_000
    const table = new Table(build, capacity, [11, 12])
    const empty = memorySize(moduleOf(build), memoryOf(build), { ...table.capacity, macs: 1 })
    const full = memorySize(moduleOf(build), memoryOf(build), table.capacity)
    expect((full - empty) / capacity).toBeLessThanOrEqual(32)
    const of = numberings.random!
    expect(fill(table, of, 0, capacity)).toBe(-1)
    expect(table.set(of(capacity))).toBe(false)
    // With the table full, only what is there can be set.
    for (let index = 0; index < capacity; index += 7) {
      if (!table.set(of(index))) throw new Error(`entry ${index} is lost`)
    }
    expect(table.count).toBe(capacity)
  })

  test('32 bytes each holds at the default capacity of 65,536 as well', () => {
    const capacity = {
      workers: 1,
      ports: 8,
      bridges: 2,
      vlans: 0,
      memberships: 0,
      macs: 1,
      arena: 1 << 20,
      ...WITHOUT_ROUTER,
    }
    const size = (macs: number) =>
      memorySize(moduleOf(build), memoryOf(build), { ...capacity, macs })
    expect((size(65_536) - size(1)) / 65_536).toBeLessThanOrEqual(32)
  })

  test.each([50, 500, 5000])(
    'keeps every address through churn when full: %i of them',
    (capacity) => {
      const table = new Table(build, capacity, [21, 22])
      const of = numberings.random!
      const random = new Random(9)
      const held = Array.from({ length: capacity }, (_, index) => index)
      expect(fill(table, of, 0, capacity)).toBe(-1)
      for (let next = capacity; next < capacity + 100_000; next++) {
        const victim = random.below(capacity)
        if (!table.delete(of(held[victim]!))) throw new Error(`entry ${held[victim]} is lost`)
        if (!table.set(of(next))) throw new Error(`no room for entry ${next}`)
        held[victim] = next
      }
      expect(table.count).toBe(capacity)
      for (const index of held) if (!table.set(of(index))) throw new Error(`entry ${index} is lost`)
      expect(table.set(of(1_000_000))).toBe(false)
      expect(table.audit()).toEqual([])
      // Had churn lost overflow buckets, other addresses would not all fit.
      for (const index of held) expect(table.delete(of(index))).toBe(true)
      expect(table.count).toBe(0)
      expect(fill(table, of, 2_000_000, 2_000_000 + capacity)).toBe(-1)
    },
  )

  test('filled and emptied a hundred times, it still takes all', () => {
    const table = new Table(build, 300, [31, 32])
    for (let round = 0; round < 100; round++) {
      const first = round * 300
      expect(fill(table, numberings['counting up']!, first, first + 300)).toBe(-1)
      for (let index = first; index < first + 300; index++) {
        expect(table.delete(numberings['counting up']!(index))).toBe(true)
      }
    }
    expect(table.count).toBe(0)
    expect(table.entriesOf(0)).toBe(0)
  })

  test('an address set again is one entry; one that is not there cannot be deleted', () => {
    const table = new Table(build, 10, [1, 1])
    expect(table.set([0x0200, 5], 1)).toBe(true)
    expect(table.set([0x0200, 5], 2)).toBe(true)
    expect(table.count).toBe(1)
    expect([table.entriesOf(1), table.entriesOf(2)]).toEqual([0, 1])
    expect(table.delete([0x0200, 6])).toBe(false)
    expect(table.delete([0x0200, 5])).toBe(true)
    expect(table.delete([0x0200, 5])).toBe(false)
    expect(table.count).toBe(0)
  })

  test('the locks of a dead worker hold nobody up for ever, and can be broken', () => {
    const dead = 0
    const table = new Table(build, 100, [1, 2], 2)
    const locked = table.lockAll(dead)
    expect(table.audit()).toHaveLength(locked)
    expect(table.set([0x0200, 1])).toBe(false)
    expect(table.exports.breakLocks(1)).toBe(0)
    expect(table.set([0x0200, 1])).toBe(false)
    expect(table.exports.breakLocks(dead)).toBe(locked)
    expect(table.set([0x0200, 1])).toBe(true)
    expect(table.exports.breakLocks(dead)).toBe(0)
    expect(table.audit()).toEqual([])
  })

  test('while a lock is held frames are forwarded, unlearned; once it is broken they are learnt', () => {
    const bench = rig(build, { capacity: { workers: 2 } }).ports('ab')
    const count = lockAll(bench.attachment.memory, bench.capacity.macs, 1)
    bench.inject('a', frame(BROADCAST, station(1))).run()
    expect(bench.deliveries()).toEqual({ b: 1 })
    expect(bench.fdb()).toEqual({})
    expect(bench.statistics().unlearned).toBe(1)
    expect(bench.manager.exports.breakLocks(1)).toBe(count)
    bench.inject('a', frame(BROADCAST, station(1))).run()
    expect(bench.whereIs(station(1))).toBe('a')
  })
})
