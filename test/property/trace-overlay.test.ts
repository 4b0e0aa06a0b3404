/** Whatever comes, a trace through tunnels says what the switch then does. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { traceAnswer } from '../../src/control/api/trace.js'
import { arp, BROADCAST, frame, packet, station } from '../support/frames.js'
import { TraceBench } from '../support/trace-bench.js'
import { datagram } from '../support/vxlan.js'

const [A, B, C] = [station(1), station(2), station(3)]
const hex = (octets: Uint8Array) => Buffer.from(octets).toString('hex')

const ports = { a: { bridge: 'lan' }, b: { bridge: 'lan' } }
const capacity = { macs: 64, flows: 64, flows6: 64, routes: 16, arena: 1 << 20, vlans: 8 }

function bench(): TraceBench {
  const made = new TraceBench('single', { bridges: { lan: {} }, ports }, { capacity }).underlay()
  made.tunnel('t', { remote: '192.0.2.2', mtu: 1400 })
  made.tunnel('strict', { remote: '192.0.2.3', strict: true, dscp: 10 })
  made.tunnel('six', { local: '2001:db8::1', remote: '2001:db8::2', tagged: true })
  return made.setStatic(A, 'a').setStatic(C, 't')
}

const station3 = fc.constantFrom(A, B, C, BROADCAST)
const inner = fc.oneof(
  fc.record({ to: station3, from: station3 }).map(({ to, from }) => frame(to, from)),
  fc.constant(arp(1)),
  fc
    .record({
      to: station3,
      from: fc.constantFrom(A, B, C),
      version: fc.constantFrom(4 as const, 6 as const),
      protocol: fc.constantFrom('tcp' as const, 'udp' as const),
      checksum: fc.constantFrom('complete' as const, 'partial' as const),
      payload: fc.constantFrom(0, 9, 1380, 1420, 3000),
    })
    .map((options) => packet(options).frame),
)
const outer = fc
  .record({
    inner,
    ends: fc.constantFrom(
      { from: '192.0.2.2', to: '192.0.2.1' },
      { from: '192.0.2.3', to: '192.0.2.1' },
      { from: '192.0.2.9', to: '192.0.2.1' },
      { from: '2001:db8::2', to: '2001:db8::1' },
    ),
    vni: fc.constantFrom(42, 42, 42, 43),
    tos: fc.integer({ min: 0, max: 255 }),
  })
  .map(({ inner: frame, ends, ...given }) => datagram(frame, { ...ends, ...given }).frame)

/** A few octets changed, and some cut off. */
const damaged = fc
  .record({
    whole: outer,
    changes: fc.array(fc.tuple(fc.nat({ max: 90 }), fc.nat({ max: 255 })), { maxLength: 3 }),
    less: fc.constantFrom(0, 0, 0, 1, 40, 70),
  })
  .map(({ whole, changes, less }) => {
    const octets = whole.slice(0, Math.max(1, whole.length - less))
    for (const [at, value] of changes) if (at < octets.length) octets[at] = value
    return octets
  })
  // Tags of the link, which no socket sees, are passed over: that is not what the bench is given.
  .filter((octets) => ![0x8100, 0x88a8].includes(((octets[12] ?? 0) << 8) | (octets[13] ?? 0)))

const arrivals = fc.oneof(
  fc.record({ port: fc.constant('a'), given: inner }),
  fc.record({ port: fc.constant('underlay'), given: fc.oneof(outer, damaged) }),
  fc.record({
    port: fc.constant('underlay'),
    given: fc.uint8Array({ minLength: 1, maxLength: 99 }),
  }),
)

test('what is traced is what is then done', () => {
  fc.assert(
    fc.property(fc.array(arrivals, { minLength: 1, maxLength: 3 }), (list) => {
      const on = bench()
      for (const { port, given } of list) {
        const trace = on.last(port, given)
        expect(traceAnswer.parse(trace)).toEqual(trace)
        const drops = on.drops()
        on.inject(port, given).run()
        const sent = ['a', 'b', 'underlay'].flatMap((name) =>
          on.frames(name).map((octets) => `${name} ${hex(octets)}`),
        )
        expect(trace.outputs.map((one) => `${one.port} ${one.hex}`).sort()).toEqual(sent.sort())
        const charged = Object.entries(on.drops()).filter(([key, count]) => drops[key] !== count)
        expect(trace.drops.map(({ port: of, reason }) => `${of} ${reason}`).sort()).toEqual(
          charged.map(([key]) => key).sort(),
        )
        // One that was dropped on its way in says where and why.
        const last = trace.steps.filter(({ text }) => text.startsWith('dropped ('))
        expect(last.length).toBeLessThanOrEqual(1)
      }
    }),
    { numRuns: 40 },
  )
})

test('a frame of any kind may be given to a tunnel', () => {
  const on = bench()
  fc.assert(
    fc.property(fc.oneof(inner, fc.uint8Array({ minLength: 1, maxLength: 60 })), (given) => {
      const trace = on.last('t', given)
      expect(trace).toMatchObject({ port: 't', bridge: 'lan', datagram: { tunnel: 't' } })
      expect(traceAnswer.parse(trace)).toEqual(trace)
    }),
    { numRuns: 20 },
  )
})
