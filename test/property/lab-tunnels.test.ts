/**
 * Tunnels between in-process switches: what goes in at one end comes out at the other unchanged, in the VNI that
 * it went into and in no other, whatever the underlay does to the order and the number of its datagrams.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createSwitch, type UnderlayDatagram } from '../../src/index.js'
import { type Bridge, createLab } from '../../src/testing/index.js'
import { hexes } from '../support/coalescing.js'
import { EtherType, ethernet, station } from '../support/frames.js'

const VTEPS = { 4: ['192.0.2.1', '192.0.2.2'], 6: ['2001:db8::1', '2001:db8::2'] } as const
const BRIDGES = { blue: 42, red: 0xffffff } as const
type Name = keyof typeof BRIDGES
const names = Object.keys(BRIDGES) as Name[]

/** A switch with two VNIs, and a station on each. */
async function edge(family: 4 | 6, index: 0 | 1) {
  const [own, peer] = [VTEPS[family][index], VTEPS[family][1 - index] as string]
  return createSwitch({
    underlay: { addresses: [own] },
    bridges: Object.fromEntries(
      names.map((name) => [name, { vxlan: { vni: BRIDGES[name], peers: [peer] } }]),
    ),
    ports: Object.fromEntries(names.map((name) => [name, { bridge: name }])),
  })
}

const sending = fc.record({
  into: fc.constantFrom(...names),
  payload: fc.uint8Array({ minLength: 46, maxLength: 1430 }),
  from: fc.integer({ min: 1, max: 20 }),
  to: fc.integer({ min: 21, max: 40 }),
  /** Where in the order its datagram comes, and how often. */
  place: fc.integer({ min: 0, max: 1000 }),
  copies: fc.integer({ min: 0, max: 3 }),
})
const sendings = fc.array(sending, { minLength: 1, maxLength: 60 })

test.each([4, 6] as const)('frames over IPv%i, in any order and number', async (family) => {
  await using one = await edge(family, 0)
  await using other = await edge(family, 1)
  fc.assert(
    fc.property(sendings, (list) => {
      const expected: Record<Name, Uint8Array[]> = { blue: [], red: [] }
      const under: { place: number; datagram: UnderlayDatagram }[] = []
      for (const { into, payload, from, to, place, copies } of list) {
        const made = ethernet(station(to), station(from), EtherType.LOCAL, payload)
        one.ports.get(into)?.send(made)
        one.process()
        const datagrams = one.underlay.take()
        expect(datagrams).toHaveLength(1)
        for (let copy = 0; copy < copies; copy++) {
          under.push({ place: place + copy * 7, datagram: datagrams[0] as UnderlayDatagram })
          expected[into].push(made)
        }
      }
      under.sort((a, b) => a.place - b.place)
      for (const { datagram } of under) other.underlay.send(datagram)
      other.process()
      for (const name of names) {
        const got = other.ports.get(name)?.take() ?? []
        expect(hexes(got).sort()).toEqual(hexes(expected[name]).sort())
      }
    }),
    { numRuns: 60 },
  )
})

const faults = fc.record({
  delay: fc.constantFrom(0, 2, 20),
  jitter: fc.constantFrom(undefined, { time: 5, reorder: true }),
  duplicate: fc.constantFrom(undefined, 0.1, 0.5),
  reorder: fc.constantFrom(undefined, { probability: 0.3, delay: 4 }),
})
const stream = fc.array(
  fc.record({ into: fc.constantFrom(...names), size: fc.integer({ min: 1, max: 1422 }) }),
  { minLength: 1, maxLength: 40 },
)

test('datagrams of hosts of the lab over links that reorder and duplicate', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer(), faults, stream, async (seed, settings, list) => {
      const lab = await createLab({ seed })
      const internet = lab.bridge('internet', { subnets: ['192.0.2.0/24'] })
      const ends = VTEPS[4].map((own, index) => {
        const on = lab.switch(`edge${index}`).underlay({
          bridge: internet,
          addresses: [`${own}/24`],
        })
        const peers = VTEPS[4].filter((peer) => peer !== own)
        return names.map((name) => {
          const vxlan = { vni: BRIDGES[name], peers }
          const bridge: Bridge = on.bridge(`${name}${index}`, { vxlan })
          return lab.host(`${name}-host${index}`, { bridge })
        })
      })
      const heard: Record<Name, string[]> = { blue: [], red: [] }
      for (const [at, name] of names.entries()) {
        ends[1]?.[at]?.udp(7, ({ text }) => void heard[name].push(text))
        await ends[0]?.[at]?.ping(`${name}-host1`)
      }
      lab.link('edge0:underlay.internet').set(settings)
      const sent: Record<Name, Set<string>> = { blue: new Set(), red: new Set() }
      for (const [number, { into, size }] of list.entries()) {
        const text = `${into} ${number} `.padEnd(size, 'x')
        sent[into].add(text)
        await ends[0]?.[names.indexOf(into)]?.udp().send(`${into}-host1`, 7, text)
        await lab.advance(1)
      }
      await lab.advance(500)
      // Nothing is lost, all is as it was, and what came twice was sent.
      for (const name of names) expect(new Set(heard[name])).toEqual(sent[name])
      await lab.close()
    }),
    { numRuns: 12 },
  )
})
