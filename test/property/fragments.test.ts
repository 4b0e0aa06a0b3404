/** Properties of fragments in any order, cut anywhere, some of them twice and some of them forged. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { datagram, type Family, fates, part, tracked } from '../support/fragments.js'

const family = fc.constantFrom<Family>(4, 6)
/** Units of eight octets. */
const UNITS = 40
const LEAST = 3

interface Piece {
  from: number
  to: number
}

test('T6, A12: the parts of a packet that is cut anywhere pass in any order behind the first', () => {
  const lan = tracked('single')
  let [id, passed] = [0, 0]
  const cuts = fc.uniqueArray(fc.integer({ min: LEAST, max: UNITS - 1 }), {
    minLength: 1,
    maxLength: 5,
  })
  const orders = fc.tuple(family, cuts).chain(([of, at]) => {
    const ends = [...at.sort((a, b) => a - b), UNITS]
    const rest = ends.slice(1).map((to, index): Piece => ({ from: ends[index] as number, to }))
    const whole = fc.shuffledSubarray(rest, { minLength: rest.length })
    return fc.record({ of: fc.constant(of), first: fc.constant(ends[0] as number), rest: whole })
  })
  fc.assert(
    fc.property(orders, ({ of, first, rest }) => {
      const octets = datagram(of, UNITS * 8 - 8)
      id++
      const sent = [{ from: 0, to: first }, ...rest].map(({ from, to }) =>
        part({
          family: of,
          id,
          offset: from * 8,
          octets: octets.subarray(from * 8, to * 8),
          more: to < UNITS,
        }),
      )
      expect(fates(lan, sent)).toEqual(sent.map(() => 'passed'))
      passed += sent.length
    }),
    { numRuns: 200 },
  )
  expect(passed).toBeGreaterThan(600)
})

test('T6, D4: whatever comes behind a first part, no octet passes twice that is joined to it', () => {
  const lan = tracked('single')
  let [id, twice] = [10_000, 0]
  const piece = fc
    .tuple(fc.integer({ min: 0, max: UNITS - 1 }), fc.integer({ min: 1, max: 12 }))
    .map(([from, length]): Piece => ({ from, to: Math.min(from + length, UNITS) }))
  const pieces = fc.array(piece, { minLength: 2, maxLength: 12 })
  fc.assert(
    fc.property(family, fc.integer({ min: LEAST, max: 20 }), pieces, (of, first, rest) => {
      const octets = datagram(of, UNITS * 8 - 8)
      id++
      const seen = new Set<number>()
      let joined = 0
      for (const { from, to } of [{ from: 0, to: first }, ...rest]) {
        const given = { family: of, id, offset: from * 8, more: true }
        const [fate] = fates(lan, [part({ ...given, octets: octets.subarray(from * 8, to * 8) })])
        if (fate !== 'passed') {
          twice++
          continue
        }
        expect(from).toBeGreaterThanOrEqual(joined)
        for (let at = from; at < to; at++) seen.add(at)
        while (seen.has(joined)) joined++
      }
    }),
    { numRuns: 300 },
  )
  expect(twice).toBeGreaterThan(300)
})
