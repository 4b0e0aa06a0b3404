import fc from 'fast-check'
import { expect, test } from 'vitest'
import { FramePool } from '../../src/detour/pool.js'

const SLAB = 1 << 17
const BASE = 640

/** Takes, and gives back one that was taken. */
const step = fc.oneof(
  fc.record({
    take: fc.oneof(fc.integer({ min: 1, max: 3000 }), fc.integer({ min: 1, max: SLAB })),
  }),
  fc.record({ release: fc.nat() }),
)

test('blocks lie apart, and all room is there again when all are given back', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 6 }),
      fc.array(step, { maxLength: 300 }),
      (slabs, steps) => {
        const pool = new FramePool(BASE, slabs * SLAB)
        const taken: { at: number; size: number }[] = []
        for (const one of steps) {
          if ('take' in one) {
            const at = pool.take(one.take)
            const size = pool.sizeOf(one.take)
            expect(size).toBeGreaterThanOrEqual(one.take)
            if (at < 0) continue
            expect(at).toBeGreaterThanOrEqual(BASE)
            expect(at + size).toBeLessThanOrEqual(BASE + slabs * SLAB)
            expect((at - BASE) % size).toBe(0)
            for (const other of taken)
              expect(at >= other.at + other.size || other.at >= at + size).toBe(true)
            taken.push({ at, size })
          } else if (taken.length > 0) {
            const [block] = taken.splice(one.release % taken.length, 1)
            pool.release(block?.at ?? 0)
          }
          expect(pool.free).toBe(slabs * SLAB - taken.reduce((sum, { size }) => sum + size, 0))
        }
        for (const { at } of taken) pool.release(at)
        // Whatever it was cut into: as many of the largest, and of the smallest, as at first.
        const all = Array.from({ length: slabs }, () => pool.take(SLAB))
        expect(new Set(all).size).toBe(slabs)
        expect([Math.min(...all) >= 0, pool.take(1)]).toEqual([true, -1])
        for (const at of all) pool.release(at)
        const small = Array.from({ length: (slabs * SLAB) / 256 }, () => pool.take(1))
        expect([new Set(small).size, pool.free]).toEqual([small.length, 0])
      },
    ),
  )
})
