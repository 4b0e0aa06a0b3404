/** Opening queues of kind UDP: who is in the way, source ports, several at one place. */
import { constants } from 'node:os'
import { describe, expect, test } from 'vitest'
import { loadNative } from '../../src/device/native.js'
import { pattern } from '../support/ip.js'
import { ip, namespace } from '../support/netns.js'
import { udpQueue, wire } from '../support/underlay.js'
import { type Datagram, UdpBench } from '../support/underlay-bench.js'

const native = loadNative()
const { EADDRINUSE, EADDRNOTAVAIL, EBADF } = constants.errno
const PORT = 4789

describe('opening', () => {
  test('says who is in the way, or that the address is nobody’s', () => {
    const { ends } = wire()
    udpQueue(ends[0], '10.9.0.1', PORT)
    const open = (address: string) => () => udpQueue(ends[0], address, PORT)
    expect(open('10.9.0.1')).toThrow(
      expect.objectContaining({ errno: -EADDRINUSE, syscall: 'bind' }),
    )
    expect(open('10.9.0.77')).toThrow(
      expect.objectContaining({ errno: -EADDRNOTAVAIL, device: '10.9.0.77 port 4789' }),
    )
    // IPv4 and IPv6 are apart.
    open('fd09::1')()
    open('::1')()
  })

  test('two that come one after the other have source ports of their own', () => {
    const netns = namespace()
    ip('-n', netns, 'link', 'set', 'lo', 'up')
    const ranges = Array.from({ length: 4 }, (_, i) =>
      udpQueue(netns, '127.0.0.1', PORT + i, { count: 1024 }),
    ).map(({ sourcePort }) => sourcePort)
    expect(new Set(ranges).size).toBe(4)
    for (const port of ranges) {
      expect(port).toBeGreaterThanOrEqual(49_152)
      expect(port + 1024).toBeLessThanOrEqual(65_536)
    }
  })

  test('several share a place and their source ports, and nobody else comes in', () => {
    const { ends } = wire()
    const first = udpQueue(ends[1], '10.9.0.2', PORT, { reuseport: true })
    const second = udpQueue(ends[1], '10.9.0.2', PORT, { reuseport: true, share: first.fd })
    expect(second).toMatchObject({ errors: first.errors, sourcePort: first.sourcePort })
    expect(() => udpQueue(ends[1], '10.9.0.2', PORT, { reuseport: true })).toThrow('EADDRINUSE')
    const a = udpQueue(ends[0], '10.9.0.1', PORT)
    const bench = new UdpBench(a.fd, second.fd)
    const datagram = (k: number): Datagram => ({
      source: '10.9.0.1',
      destination: '10.9.0.2',
      sourcePort: a.sourcePort + k,
      destinationPort: PORT,
      payload: pattern(50),
    })
    bench.write(Array.from({ length: 64 }, (_, k) => ({ datagram: datagram(k) })))
    const [one, other] = [first, second].map(({ fd }) => bench.read(fd).length) as [number, number]
    expect(one + other).toBe(64)
    expect(Math.min(one, other)).toBeGreaterThan(0)
    // What they share stays until the last of them goes.
    first.close()
    const back = { ...datagram(0), source: '10.9.0.2', destination: '10.9.0.1' }
    bench.write([{ datagram: { ...back, sourcePort: second.sourcePort }, port: 1 }])
    expect(bench.read(a.fd)).toHaveLength(1)
  })

  test.each([
    ['no port', '10.9.0.1', 0, {}],
    ['too many source ports', '10.9.0.1', PORT, { count: 1025 }],
    ['no source port', '10.9.0.1', PORT, { count: 0 }],
    ['a TTL of 256', '10.9.0.1', PORT, { ttl: 256 }],
  ])('refuses %s', (_, address, port, options) => {
    const { ends } = wire()
    expect(() => udpQueue(ends[0], address, port, options)).toThrow()
  })

  test('an address of another length is none', () => {
    expect(() => native.udpOpen(-1, new Uint8Array(5), PORT, {})).toThrow('EINVAL')
  })

  test('a descriptor that is no such queue is EBADF', () => {
    const bench = new UdpBench(0)
    expect(bench.burst(0)).toBe(-EBADF)
    expect(() => native.udpErrors(0)).toThrow('EBADF')
    expect(() => native.udpStatistics(0)).toThrow('EBADF')
  })
})
