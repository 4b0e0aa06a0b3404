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

/** What the router is to know of a packet: where what is joined to the first part ends, and one piece more. */
class Seen {
  #piece: Piece | undefined
  constructor(public head: number) {}

  overlaps({ from, to }: Piece): boolean {
    const piece = this.#piece
    return from < this.head || (piece !== undefined && from < piece.to && to > piece.from)
  }
  /** Part of what was seen already: it may be the same part again. */
  has({ from, to }: Piece): boolean {
    const piece = this.#piece
    return to <= this.head || (piece !== undefined && from >= piece.from && to <= piece.to)
  }
  add({ from, to }: Piece): void {
    const piece = this.#piece
    if (from === this.head) this.head = to
    else if (piece === undefined) this.#piece = { from, to }
    else if (to === piece.from) piece.from = from
    else if (from === piece.to) piece.to = to
    if (piece === undefined || piece.from !== this.head) return
    this.head = piece.to
    this.#piece = undefined
  }
}

test('T6, D4: whatever comes behind a first part, what overlaps ends the packet, what does not passes', () => {
  const lan = tracked('single')
  const met = { passed: 0, again: 0, overlapping: 0, after: 0 }
  let id = 10_000
  const piece = fc
    .tuple(fc.integer({ min: LEAST, max: UNITS - 1 }), fc.integer({ min: 1, max: 12 }))
    .map(([from, length]): Piece => ({ from, to: Math.min(from + length, UNITS) }))
  const pieces = fc.array(piece, { minLength: 2, maxLength: 12 })
  fc.assert(
    fc.property(family, fc.integer({ min: LEAST, max: 20 }), pieces, (of, first, rest) => {
      const octets = datagram(of, UNITS * 8 - 8)
      id++
      const send = ({ from, to }: Piece) => {
        const given = { family: of, id, offset: from * 8 }
        return fates(lan, [part({ ...given, octets: octets.subarray(from * 8, to * 8) })])[0]
      }
      const seen = new Seen(first)
      let ended = false
      expect(send({ from: 0, to: first })).toBe('passed')
      for (const one of rest) {
        const passes = !ended && !seen.overlaps(one)
        expect(send(one)).toBe(passes ? 'passed' : 'fragment-invalid')
        if (passes) seen.add(one)
        else if (ended) met.after++
        else if (seen.has(one)) met.again++
        else {
          met.overlapping++
          ended = true
        }
        if (passes) met.passed++
      }
    }),
    { numRuns: 300 },
  )
  for (const [what, times] of Object.entries(met)) expect([what, times > 50]).toEqual([what, true])
})
