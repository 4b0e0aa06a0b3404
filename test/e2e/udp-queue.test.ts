/** Queues of kind UDP between real sockets: octets of both directions. */
import { constants } from 'node:os'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ip } from '../support/netns.js'
import { packetSocket } from '../support/packet.js'
import { addressOf, udpQueue, wire } from '../support/underlay.js'
import { type Datagram, encodeDatagram, UdpBench } from '../support/underlay-bench.js'
import { readUnfinished } from '../support/unfinished.js'

const { EINVAL } = constants.errno
const PORT = 4789

const payloadOf = (length: number, seed = 1) =>
  Uint8Array.from({ length }, (_, at) => (at * 31 + seed * 7) & 0xff)

interface Lab {
  version: 4 | 6
  bench: UdpBench
  a: ReturnType<typeof udpQueue>
  b: ReturnType<typeof udpQueue>
  ends: [string, string]
  /** From a to b. */
  datagram: (payload: Uint8Array, more?: Partial<Datagram>) => Datagram
}

function lab(version: 4 | 6, options: Parameters<typeof udpQueue>[3] = {}, mtu?: number): Lab {
  const { ends } = wire(mtu)
  const a = udpQueue(ends[0], addressOf(version, 0), PORT, options)
  const b = udpQueue(ends[1], addressOf(version, 1), PORT)
  const datagram = (payload: Uint8Array, more: Partial<Datagram> = {}) => ({
    source: addressOf(version, 0),
    destination: addressOf(version, 1),
    sourcePort: a.sourcePort,
    destinationPort: PORT,
    payload,
    ...more,
  })
  return { version, bench: new UdpBench(a.fd, b.fd), a, b, ends, datagram }
}

/** From the Ethernet header to the payload. */
const headers = (version: 4 | 6) => (version === 4 ? 42 : 62)

describe.each([4, 6] as const)('over IPv%i', (version) => {
  test('a datagram arrives as it was written, behind headers that say where from', () => {
    const { bench, b, datagram } = lab(version)
    const given = datagram(payloadOf(100), { tos: 0xba, hops: 33 })
    expect(bench.write([{ datagram: given }])).toEqual([])
    const [got] = bench.read(b.fd)
    expect(got?.frame).toEqual(encodeDatagram(given).slice(12))
    expect(got?.header).toMatchObject({ flags: 2, gsoType: 0, gsoSize: 0, headerLength: 0 })
  })

  test('what is on the wire is what the headers say', () => {
    const { bench, ends, datagram, a } = lab(version)
    const ear = packetSocket(ends[1])
    bench.write([{ datagram: datagram(payloadOf(33), { tos: 3, hops: 7 }), inHead: 10 }])
    bench.write([{ datagram: datagram(payloadOf(20)) }])
    const heard = ear.take().flatMap(({ frame }) => {
      const read = frame.length > 60 ? readUnfinished(frame) : undefined
      return read?.protocol === 17 ? [read] : []
    })
    expect(heard.map(({ hops, tos }) => [hops, tos])).toEqual([
      [7, 3],
      [64, 0],
    ])
    for (const one of heard) {
      expect(one).toMatchObject({ source: addressOf(version, 0), fragment: 0x4000 })
      expect((one.payload[0] as number) * 256 + (one.payload[1] as number)).toBe(a.sourcePort)
    }
  })

  test('the frame in a VXLAN payload lies as any frame does, with headroom', () => {
    const { bench, b, datagram } = lab(version)
    bench.write([8, 1400, 3000, 60].map((length) => ({ datagram: datagram(payloadOf(length)) })))
    const all = bench.read(b.fd)
    let last = 0
    for (const { address, frame } of [...all].sort((one, other) => one.address - other.address)) {
      const inner = address + headers(version) + 8
      expect((inner - 12) % 64).toBe(2)
      expect((inner + 14) % 4).toBe(0)
      expect(address - 12 - last).toBeGreaterThanOrEqual(last === 0 ? 0 : 128)
      last = address + frame.length
    }
  })

  test('a run becomes one message, its short tail with it', () => {
    const { bench, b, datagram } = lab(version)
    const payloads = [1400, 1400, 1400, 1400, 77].map(payloadOf)
    const list = payloads.map((payload, i) => ({
      datagram: datagram(payload),
      ...(i % 2 === 0 ? { inHead: 60 } : {}),
    }))
    expect(bench.write(list)).toEqual([])
    const all = bench.read(b.fd)
    expect(all).toHaveLength(1)
    expect(all[0]?.header).toMatchObject({
      flags: 2,
      gsoType: 5,
      gsoSize: 1400,
      headerLength: headers(version),
    })
    const together = Uint8Array.from(payloads.flatMap((payload) => [...payload]))
    expect(all[0]?.frame).toEqual(encodeDatagram(datagram(together)).slice(12))
  })

  test('a message ends with a shorter datagram, before a longer one, and when it is full', () => {
    const { bench, b, datagram } = lab(version)
    const sizes = [100, 100, 50, 100, 200, 200, ...Array(70).fill(300), ...Array(50).fill(1400)]
    expect(bench.write(sizes.map((size) => ({ datagram: datagram(payloadOf(size)) })))).toEqual([])
    const all = bench.read(b.fd)
    expect(all.map(({ payload, header }) => [payload.length, header.gsoSize])).toEqual([
      [250, 100],
      [100, 0],
      [400, 200],
      [64 * 300, 300],
      [6 * 300, 300],
      [46 * 1400, 1400],
      [4 * 1400, 1400],
    ])
  })

  test('every datagram of a random list arrives once, in order within its flow', () => {
    const { bench, b, a, datagram } = lab(version)
    const one = fc.record({
      flow: fc.nat(5),
      size: fc.constantFrom(3, 100, 101, 1400),
      tos: fc.constantFrom(0, 2),
      split: fc.boolean(),
    })
    fc.assert(
      fc.property(fc.array(one, { minLength: 1, maxLength: 400 }), (list) => {
        const sendings = list.map(({ flow, size, tos, split }, number) => {
          const payload = payloadOf(size)
          payload.set([flow, number >> 8, number & 0xff])
          const more = { sourcePort: a.sourcePort + flow, tos }
          return { datagram: datagram(payload, more), ...(split ? { inHead: 2 } : {}) }
        })
        expect(bench.write(sendings)).toEqual([])
        const got = bench.read(b.fd).flatMap(({ payload, header, frame }) => {
          const size = header.gsoSize || payload.length
          const port = (frame[headers(version) - 8] ?? 0) * 256 + (frame[headers(version) - 7] ?? 0)
          const count = Math.ceil(payload.length / size)
          return Array.from({ length: count }, (_, i) => ({
            port,
            bytes: payload.slice(i * size, (i + 1) * size),
          }))
        })
        expect(got).toHaveLength(list.length)
        const lasts = new Map<number, number>()
        for (const { port, bytes } of got) {
          const [flow = 0, high = 0, low = 0] = bytes
          const number = high * 256 + low
          expect(port).toBe(a.sourcePort + flow)
          const wanted = payloadOf(list[number]?.size ?? 0)
          expect(bytes.slice(3)).toEqual(wanted.slice(3))
          expect(number).toBeGreaterThan(lasts.get(flow) ?? -1)
          lasts.set(flow, number)
        }
      }),
      { numRuns: 30 },
    )
  })

  test('runs that alternate are put together each for itself', () => {
    const { bench, b, a, datagram } = lab(version)
    const list = Array.from({ length: 256 }, (_, i) => ({
      datagram: datagram(payloadOf(500, i), { sourcePort: a.sourcePort + (i % 64) }),
    }))
    expect(bench.write(list)).toEqual([])
    expect(bench.read(b.fd).map(({ payload }) => payload.length)).toEqual(Array(64).fill(2000))
  })

  test('mixed destinations and ports each get theirs', () => {
    const { bench, b, datagram, ends } = lab(version)
    const second = version === 4 ? '10.9.0.3' : 'fd09::3'
    const options = version === 6 ? ['nodad'] : []
    ip(
      '-n',
      ends[1],
      'address',
      'add',
      `${second}/${version === 4 ? 24 : 64}`,
      'dev',
      'eth0',
      ...options,
    )
    const other = udpQueue(ends[1], second, PORT)
    const elsewhere = udpQueue(ends[1], addressOf(version, 1), PORT + 1)
    const kinds = [{}, { destination: second }, { destinationPort: PORT + 1 }]
    const list = Array.from({ length: 30 }, (_, i) => ({
      datagram: datagram(payloadOf(200, i), kinds[i % 3]),
    }))
    expect(bench.write(list)).toEqual([])
    for (const [at, queue] of [b, other, elsewhere].entries()) {
      const got = bench.read(queue.fd)
      expect(got.map(({ payload }) => payload.length)).toEqual([2000])
      const wanted = list
        .filter((_, i) => i % 3 === at)
        .flatMap(({ datagram }) => [...datagram.payload])
      expect([...(got[0]?.payload ?? [])]).toEqual(wanted)
    }
  })

  test('64 source ports, the same for the same; one beyond them is one of them', () => {
    const { bench, b, a, datagram } = lab(version)
    expect(a.sourcePorts).toBe(64)
    expect(a.sourcePort).toBeGreaterThanOrEqual(49_152)
    const ports = [...Array.from({ length: 64 }, (_, k) => a.sourcePort + k), 7, 7, 71]
    bench.write(ports.map((sourcePort) => ({ datagram: datagram(payloadOf(40), { sourcePort }) })))
    bench.write([{ datagram: datagram(payloadOf(40), { sourcePort: 7 }) }])
    const counts = new Map<number, number>()
    for (const { frame, payload } of bench.read(b.fd)) {
      const at = headers(version) - 8
      const port = (frame[at] as number) * 256 + (frame[at + 1] as number)
      counts.set(port, (counts.get(port) ?? 0) + payload.length / 40)
    }
    const wanted = new Map(Array.from({ length: 64 }, (_, k) => [a.sourcePort + k, 1]))
    wanted.set(a.sourcePort + 7, 1 + 3 + 1)
    expect(counts).toEqual(wanted)
  })

  test('without UDP_SEGMENT every datagram goes for itself', () => {
    const { bench, b, datagram } = lab(version, { segments: false })
    const payloads = [500, 500, 500, 30].map(payloadOf)
    expect(bench.write(payloads.map((payload) => ({ datagram: datagram(payload) })))).toEqual([])
    expect(bench.read(b.fd).map(({ payload }) => payload)).toEqual(payloads)
  })

  test('ECN and DSCP of every kind go both ways, and are not put together', () => {
    const { bench, b, datagram } = lab(version)
    const all = Array.from({ length: 256 }, (_, tos) => tos)
    bench.write(all.map((tos) => ({ datagram: datagram(payloadOf(30), { tos }) })))
    const got = bench.read(b.fd).map(({ frame }) => {
      const [first = 0, second = 0] = frame.slice(14)
      return version === 4 ? second : ((first & 15) << 4) | (second >> 4)
    })
    expect(got).toEqual(all)
  })

  test('a burst of messages of all sizes is read whole, in whatever arena', () => {
    const { bench, b, datagram } = lab(version, {}, 65_535)
    const sizes = [0, 1, 2047, 2048, 2049, 9000, 60_000, 100, version === 4 ? 65_507 : 65_487]
    for (const size of [undefined, 80_000, 150_000, 1 << 20]) {
      for (const [seed, length] of sizes.entries()) {
        bench.write([{ datagram: datagram(payloadOf(length, seed)) }])
      }
      const got = bench.read(b.fd, size)
      expect(got.map(({ payload }) => payload)).toEqual(
        sizes.map((length, seed) => payloadOf(length, seed)),
      )
    }
  })

  test('no burst is longer than wanted, and none is where nothing fits', () => {
    const { bench, b, datagram } = lab(version, { segments: false })
    const list = Array.from({ length: 100 }, (_, i) => ({ datagram: datagram(payloadOf(50, i)) }))
    bench.write(list)
    expect(bench.burst(b.fd, 60_000)).toBe(0)
    expect(bench.burst(b.fd, undefined, 40)).toBe(40)
    const rest = bench.read(b.fd, undefined, 50)
    expect(rest.map(({ payload }) => payload)).toEqual(
      list.slice(40).map(({ datagram: { payload } }) => payload),
    )
    expect(bench.burst(b.fd)).toBe(0)
  })

  test('bound to every address, a queue tells to which one a datagram came', () => {
    const { ends } = wire()
    const any = version === 4 ? '0.0.0.0' : '::'
    const a = udpQueue(ends[0], addressOf(version, 0), PORT)
    const b = udpQueue(ends[1], any, PORT)
    const bench = new UdpBench(a.fd)
    const given = {
      source: addressOf(version, 0),
      destination: addressOf(version, 1),
      sourcePort: a.sourcePort,
      destinationPort: PORT,
      payload: payloadOf(64),
    }
    bench.write([{ datagram: given }])
    expect(bench.read(b.fd)[0]?.frame).toEqual(encodeDatagram(given).slice(12))
  })

  test('headers that are not those of the queue are refused, the others go', () => {
    const { bench, b, datagram } = lab(version)
    const wrong = {
      source: addressOf(version === 4 ? 6 : 4, 0),
      destination: addressOf(version === 4 ? 6 : 4, 1),
    }
    const list = [datagram(payloadOf(50)), datagram(payloadOf(50), wrong), datagram(payloadOf(50))]
    const octets = encodeDatagram(list[1] as Datagram).length
    expect(bench.write(list.map((one) => ({ datagram: one })))).toEqual([
      { port: 0, errno: EINVAL, frames: 1, octets },
    ])
    expect(bench.read(b.fd).map(({ payload }) => payload.length)).toEqual([100])
  })
})
