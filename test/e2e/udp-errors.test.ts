/** What the network and the kernel say of datagrams of a UDP queue, and that no other pays for it. */
import { constants } from 'node:os'
import { describe, expect, test } from 'vitest'
import { loadNative, type UdpErrorRecord } from '../../src/device/native.js'
import { defer } from '../support/cleanup.js'
import { framed, mac, pattern, udp } from '../support/ip.js'
import { descriptors, ip, ipJson, namespace } from '../support/netns.js'
import { packetSocket } from '../support/packet.js'
import { addressOf, udpQueue, type Wire, wire } from '../support/underlay.js'
import { type Datagram, encodeDatagram, UdpBench } from '../support/underlay-bench.js'
import { until } from '../support/until.js'

const native = loadNative()
const { EADDRINUSE, EMSGSIZE, ECONNREFUSED, EHOSTUNREACH, ENETUNREACH } = constants.errno
const PORT = 4789

interface Lab extends Wire {
  bench: UdpBench
  a: ReturnType<typeof udpQueue>
  b: ReturnType<typeof udpQueue>
  datagram: (length: number, more?: Partial<Datagram>) => { datagram: Datagram }
  arrived: () => number[]
}

function lab(version: 4 | 6, options: Parameters<typeof udpQueue>[3] = {}): Lab {
  const both = wire()
  const a = udpQueue(both.ends[0], addressOf(version, 0), PORT, options)
  const b = udpQueue(both.ends[1], addressOf(version, 1), PORT)
  const bench = new UdpBench(a.fd, b.fd)
  const datagram = (length: number, more: Partial<Datagram> = {}) => ({
    datagram: {
      source: addressOf(version, 0),
      destination: addressOf(version, 1),
      sourcePort: a.sourcePort,
      destinationPort: PORT,
      payload: pattern(length),
      ...more,
    },
  })
  const arrived = () => bench.read(b.fd).map(({ payload }) => payload.length)
  return { ...both, bench, a, b, datagram, arrived }
}

/** Errors that come, until there are so many. */
async function errorsOf(fd: number, count = 1): Promise<UdpErrorRecord[]> {
  const errors: UdpErrorRecord[] = []
  await until('errors of the underlay', () => {
    errors.push(...native.udpErrors(fd))
    return errors.length >= count
  })
  return errors
}

describe.each([4, 6] as const)('over IPv%i', (version) => {
  const overhead = version === 4 ? 28 : 48
  const nobody = { destinationPort: 9 }

  test('a port where nobody listens is told once', async () => {
    const { bench, a, datagram } = lab(version)
    expect(native.udpErrors(a.fd)).toEqual([])
    expect(bench.write([datagram(50, nobody)])).toEqual([])
    expect(await errorsOf(a.fd)).toEqual([
      {
        address: addressOf(version, 1),
        port: 9,
        errno: ECONNREFUSED,
        type: version === 4 ? 3 : 1,
        code: version === 4 ? 3 : 4,
        mtu: 0,
        offender: addressOf(version, 1),
      },
    ])
    expect(native.udpErrors(a.fd)).toEqual([])
  })

  test('several errors of one source port wait until they are asked for', async () => {
    const { bench, a, datagram } = lab(version)
    for (let port = 9; port < 14; port++) bench.write([datagram(50, { destinationPort: port })])
    const errors = await errorsOf(a.fd, 5)
    expect(errors.map(({ port }) => port)).toEqual([9, 10, 11, 12, 13])
  })

  test('an error of one datagram is not charged to the next, in one list or in two', () => {
    const { bench, datagram, arrived } = lab(version)
    for (let round = 0; round < 20; round++) {
      expect(bench.write([datagram(50, nobody)])).toEqual([])
      expect(bench.write([datagram(60)])).toEqual([])
    }
    expect(arrived()).toEqual(Array(20).fill(60))
    const mixed = [50, 61, 50, 62, 50, 63].map((length) =>
      datagram(length, length === 50 ? nobody : {}),
    )
    // By TOS, so that every one is a message for itself.
    for (const [tos, one] of mixed.entries()) one.datagram.tos = tos
    expect(bench.write(mixed)).toEqual([])
    expect(arrived()).toEqual([61, 62, 63])
  })

  test('errors beyond what the queue of a socket holds leave nothing behind', async () => {
    const { bench, a, datagram } = lab(version, { segments: false })
    // The last one is of the network, and finds no room behind those of the kernel itself.
    const list = Array.from({ length: 500 }, () => datagram(1501))
    expect(bench.write([...list, datagram(50, nobody)])).toMatchObject([{ frames: 500 }])
    let calls = 0
    const watch = native.watch(a.errors, () => {
      calls++
      native.udpErrors(a.fd)
    })
    defer(() => native.unwatch(watch))
    await until('the watch to see them', () => calls > 0)
    await new Promise((done) => setTimeout(done, 50))
    const before = calls
    await new Promise((done) => setTimeout(done, 50))
    expect(calls).toBe(before)
  })

  test('what is too big for the link is charged, and told with the MTU', async () => {
    const { bench, a, datagram, arrived } = lab(version)
    const list = [datagram(1500 - overhead), datagram(1501 - overhead)]
    const octets = encodeDatagram((list[1] as (typeof list)[0]).datagram).length
    expect(bench.write(list)).toEqual([{ port: 0, errno: EMSGSIZE, frames: 1, octets }])
    expect(arrived()).toEqual([1500 - overhead])
    // The kernel names the port over IPv6 only.
    const port = version === 4 ? 0 : PORT
    const told = { address: addressOf(version, 1), port, errno: EMSGSIZE, mtu: 1500 }
    const nobodySays = { type: 0, code: 0, offender: '' }
    expect((await errorsOf(a.fd))[0]).toEqual({ ...told, ...nobodySays })
  })

  test('a run that is too big is charged, its short tail and what comes after arrive', async () => {
    const { bench, a, datagram, arrived } = lab(version)
    const list = [2000, 2000, 2000, 100, 300, 300].map((length) => datagram(length))
    const octets = encodeDatagram(datagram(2000).datagram).length * 3
    expect(bench.write(list)).toEqual([{ port: 0, errno: EMSGSIZE, frames: 3, octets }])
    expect(arrived()).toEqual([100, 600])
    expect((await errorsOf(a.fd))[0]).toMatchObject({ errno: EMSGSIZE, mtu: 1500 })
  })

  test('a router that says too big is heard, and the kernel knows from then on', async () => {
    const { bench, a, far, router, datagram } = routed(version)
    bench.write([datagram(1400)])
    expect(await errorsOf(a.fd)).toContainEqual({
      address: far,
      port: PORT,
      errno: EMSGSIZE,
      type: version === 4 ? 3 : 2,
      code: version === 4 ? 4 : 0,
      mtu: 1300,
      offender: router,
    })
    expect(bench.write([datagram(1300 - overhead + 1)])).toMatchObject([{ errno: EMSGSIZE }])
    expect(bench.write([datagram(1300 - overhead)])).toEqual([])
  })

  test('no route is charged at once; no neighbour is told when the kernel gives up', async () => {
    const { bench, a, datagram, arrived } = lab(version)
    const away = datagram(50, { destination: version === 4 ? '203.0.113.1' : '2001:db8::1' })
    const list = [datagram(70), away, datagram(71, { tos: 4 })]
    expect(bench.write(list)).toMatchObject([{ errno: ENETUNREACH, frames: 1 }])
    expect(arrived()).toEqual([70, 71])
    const silent = version === 4 ? '10.9.0.99' : 'fd09::99'
    expect(bench.write([datagram(50, { destination: silent })])).toEqual([])
    const [error] = await errorsOf(a.fd)
    expect(error).toMatchObject({ address: silent, errno: EHOSTUNREACH })
    expect(error?.offender).toBe(addressOf(version, 0))
  })

  /** a – router – far, the second link with an MTU of 1300. */
  function routed(six: 4 | 6) {
    const { ends } = wire()
    const [near, middle] = ends
    const third = namespace()
    const link = ['type', 'veth', 'peer', 'name', 'eth0', 'netns', third]
    ip('-n', middle, 'link', 'add', 'eth1', 'mtu', '1300', ...link)
    const [prefix, length] = six === 4 ? ['10.8.0.', 24] : ['fd08::', 64]
    const flags = six === 6 ? ['nodad'] : []
    for (const [netns, name, last] of [
      [middle, 'eth1', 1],
      [third, 'eth0', 2],
    ] as const) {
      ip('-n', netns, 'link', 'set', name, 'mtu', '1300', 'up')
      ip('-n', netns, 'address', 'add', `${prefix}${last}/${length}`, 'dev', name, ...flags)
    }
    const forward = six === 4 ? 'net.ipv4.ip_forward=1' : 'net.ipv6.conf.all.forwarding=1'
    ip('netns', 'exec', middle, 'sysctl', '-qw', forward)
    const via = addressOf(six, 1)
    ip('-n', near, 'route', 'add', `${prefix}${six === 4 ? 0 : ''}/${length}`, 'via', via)
    const a = udpQueue(near, addressOf(six, 0), PORT)
    const bench = new UdpBench(a.fd)
    const far = `${prefix}2`
    const datagram = (octets: number) => ({
      datagram: {
        source: addressOf(six, 0),
        destination: far,
        sourcePort: a.sourcePort,
        destinationPort: PORT,
        payload: pattern(octets),
      },
    })
    return { a, bench, far, router: via, datagram }
  }

  test('what comes to a source port is nobody’s', () => {
    const { bench, a, b, datagram, ends } = lab(version)
    const back = datagram(50, {
      source: addressOf(version, 1),
      destination: addressOf(version, 0),
      sourcePort: b.sourcePort,
      destinationPort: a.sourcePort + 3,
    })
    expect(bench.write([{ ...back, port: 1 }])).toEqual([])
    expect(native.udpErrors(b.fd)).toEqual([])
    expect(bench.read(a.fd)).toEqual([])
    // Not one octet of it waits: it was dropped at the door.
    const file = `/proc/net/udp${version === 4 ? '' : '6'}`
    const table = ip('netns', 'exec', ends[0], 'cat', file).split('\n')
    const local = `:${(a.sourcePort + 3).toString(16).toUpperCase()} `
    const [, , , , queues, ...rest] =
      table
        .find((line) => line.includes(local))
        ?.trim()
        .split(/\s+/) ?? []
    expect([queues, rest.at(-1)]).toEqual(['00000000:00000000', '1'])
  })
})

describe('what the kernel drops before a queue is read', () => {
  /** A frame from a to b on the wire, from another port than any queue's. */
  function raw({ ends }: Wire, version: 4 | 6, change: (packet: Uint8Array) => void) {
    const [to, from] = [ends[1], ends[0]].map((netns) => {
      const [link] = ipJson<{ address: string }[]>(netns, 'link', 'show', 'eth0')
      return mac(link?.address ?? '')
    }) as [Uint8Array, Uint8Array]
    const [source, destination] = [addressOf(version, 0), addressOf(version, 1)]
    const packet = udp({ source, destination, sourcePort: 5, destinationPort: PORT, data: 90 })
    change(packet)
    expect(packetSocket(ends[0]).send(framed(to, from, packet))).toBe(true)
  }

  const checksumAt = (version: 4 | 6) => (version === 4 ? 26 : 46)

  test.each([4, 6] as const)('a wrong checksum over IPv%i is counted (X5)', (version) => {
    const both = lab(version)
    expect(native.udpStatistics(both.b.fd)).toEqual({
      drops: 0,
      checksumErrors: 0,
      bufferErrors: 0,
    })
    raw(both, version, (packet) => {
      packet[checksumAt(version)] = (packet[checksumAt(version)] as number) ^ 0x55
    })
    expect(both.arrived()).toEqual([])
    const counted = { drops: 1, checksumErrors: 1, bufferErrors: 0 }
    expect(native.udpStatistics(both.b.fd)).toEqual(counted)
    expect(native.udpStatistics(both.a.fd)).toEqual({ ...counted, drops: 0, checksumErrors: 0 })
  })

  test.each([4, 6] as const)('no checksum over IPv%i is taken (X5)', (version) => {
    const both = lab(version)
    raw(both, version, (packet) => packet.set([0, 0], checksumAt(version)))
    expect(both.arrived()).toEqual([90])
  })

  test.each([4, 6] as const)('what finds no room over IPv%i is counted', (version) => {
    const { bench, b, datagram, arrived } = lab(version)
    const list = Array.from({ length: 640 }, () => datagram(1400))
    expect(bench.write(list)).toEqual([])
    for (let round = 1; round < 30; round++) expect(bench.writeAgain(list.length)).toEqual([])
    const { drops, bufferErrors, checksumErrors } = native.udpStatistics(b.fd)
    expect(drops).toBeGreaterThan(0)
    expect([bufferErrors, checksumErrors]).toEqual([drops, 0])
    const octets = arrived().reduce((sum, length) => sum + length, 0)
    expect(octets).toBeGreaterThan(6 << 20)
    expect(octets).toBeLessThan(30 * 640 * 1400)
  })
})

describe('closing', () => {
  test.each([4, 6] as const)('leaves no descriptor, nor does what fails, over IPv%i', (version) => {
    const { ends } = wire()
    const address = addressOf(version, 0)
    const before = descriptors()
    const first = udpQueue(ends[0], address, PORT, { reuseport: true })
    const open = descriptors()
    expect(open).toBeGreaterThan(before + 64)
    expect(() => udpQueue(ends[0], address, PORT)).toThrow(
      expect.objectContaining({ errno: -EADDRINUSE }),
    )
    const second = udpQueue(ends[0], address, PORT, { share: first.fd })
    expect(descriptors()).toBe(open + 2)
    first.close()
    second.close()
    expect(descriptors()).toBe(before)
  })
})
