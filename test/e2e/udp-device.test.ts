/** The underlay as control sees it. */
import { constants } from 'node:os'
import { describe, expect, test } from 'vitest'
import type { UdpErrorRecord } from '../../src/device/native.js'
import { loadNative } from '../../src/device/native.js'
import { NativeIo } from '../../src/device/native-io.js'
import { QueueKind } from '../../src/device/queue.js'
import { UdpDevice, type UdpOptions } from '../../src/device/udp.js'
import { defer } from '../support/cleanup.js'
import { pattern } from '../support/ip.js'
import { descriptors, ip, processesIn } from '../support/netns.js'
import { Rig } from '../support/rig.js'
import { addressOf, wire } from '../support/underlay.js'
import { UdpBench } from '../support/underlay-bench.js'
import { until } from '../support/until.js'

const { ECONNREFUSED } = constants.errno
const PORT = 4789

function open(options: UdpOptions, workers = 1): UdpDevice {
  const device = UdpDevice.open(options, workers)
  defer(() => device.close())
  return device
}

function benchOf(...devices: UdpDevice[]): UdpBench {
  return new UdpBench(...devices.flatMap(({ queues }) => queues.map(({ fd }) => fd)))
}

describe.each([4, 6] as const)('over IPv%i', (version) => {
  const at = (netns: string, end: 0 | 1, more: Partial<UdpOptions> = {}) => ({
    address: addressOf(version, end),
    port: PORT,
    netns,
    ...more,
  })

  function sending(from: UdpDevice, to: { address: string; port: number }, length: number, k = 0) {
    return {
      datagram: {
        source: from.address,
        destination: to.address,
        sourcePort: from.sourcePort + k,
        destinationPort: to.port,
        payload: pattern(length),
      },
    }
  }

  test('datagrams travel between two of them; what they are like', () => {
    const { ends } = wire()
    const [a, b] = [open(at(ends[0], 0)), open(at(ends[1], 1))]
    expect(a).toMatchObject({ address: addressOf(version, 0), port: PORT, sourcePorts: 64 })
    expect(a.queues).toMatchObject([{ kind: QueueKind.UDP }])
    expect(a.offloads).toBe(0)
    expect(a.info()).toMatchObject({
      ifname: 'eth0',
      mtu: 1500,
      up: true,
      carrier: true,
      kernelDrops: 0,
    })
    expect(a.look()).toBeUndefined()
    const bench = benchOf(a, b)
    expect(bench.write([sending(a, b, 700)])).toEqual([])
    expect(bench.read(b.queues[0]?.fd ?? -1).map(({ payload }) => payload)).toEqual([pattern(700)])
  })

  test('a queue a worker, which share the source ports; each flow comes to one', () => {
    const { ends } = wire()
    const [a, b] = [open(at(ends[0], 0, { sourcePorts: 16 })), open(at(ends[1], 1), 3)]
    expect([a.sourcePorts, a.queues.length, b.queues.length]).toEqual([16, 1, 3])
    const bench = benchOf(a)
    const list = Array.from({ length: 160 }, (_, i) => sending(a, b, 90, i % 16))
    expect(bench.write(list)).toEqual([])
    const flows = b.queues.map(({ fd }) => bench.read(fd).map(({ payload }) => payload.length))
    // Ten of a flow come as one message.
    expect(flows.flat()).toEqual(Array(16).fill(900))
    expect(b.statistics()).toEqual({ drops: 0, checksumErrors: 0, bufferErrors: 0 })
  })

  test('errors are told on the event loop while somebody listens, and to whoever asks', async () => {
    const { ends } = wire()
    const a = open(at(ends[0], 0))
    const bench = benchOf(a)
    const nobody = { address: addressOf(version, 1), port: 9 }
    const told: UdpErrorRecord[] = []
    const stop = a.onError((errors) => told.push(...errors))
    for (let round = 1; round <= 3; round++) {
      bench.write([sending(a, nobody, 50)])
      await until('the error to be told', () => told.length === round)
    }
    const error = { ...nobody, errno: ECONNREFUSED, offender: nobody.address, mtu: 0 }
    for (const one of told) expect(one).toMatchObject(error)
    stop()
    bench.write([sending(a, nobody, 50)])
    const asked = await until('the error to come', () => {
      const errors = a.errors()
      return errors.length > 0 && errors
    })
    expect(asked).toMatchObject([error])
    expect(told).toHaveLength(3)
  })

  test('the MTU is that of the interface that has the address, also when that changes', async () => {
    const { ends } = wire()
    const a = open(at(ends[0], 0))
    const events: object[] = []
    const stop = a.onLink((event) => events.push(event))
    expect(a.mtu()).toBe(1500)
    ip('-n', ends[0], 'link', 'set', 'eth0', 'mtu', '1400')
    await until('the change to be told', () => events.length > 0)
    expect(events.at(-1)).toEqual({ up: true, mtu: 1400, deleted: false })
    expect(a.mtu()).toBe(1400)
    // IPv6 forgets the addresses of an interface that goes down; IPv4 does not.
    ip('-n', ends[0], 'link', 'set', 'eth0', 'down')
    await until('that it is down', () => !(events.at(-1) as { up: boolean }).up)
    if (version === 6) {
      await until('the address to go', () => a.mtu() === undefined)
      const why = `no interface has ${addressOf(6, 0)}`
      expect(a.info()).toMatchObject({ up: false, carrier: false, why })
    } else expect(a.info()).toMatchObject({ mtu: 1400, up: false })
    // On another interface: found again there.
    ip('-n', ends[0], 'link', 'add', 'other', 'mtu', '9000', 'up', 'type', 'veth')
    const prefix = `${addressOf(version, 0)}/${version === 4 ? 32 : 128}`
    if (version === 4) ip('-n', ends[0], 'address', 'flush', 'dev', 'eth0')
    ip('-n', ends[0], 'address', 'add', prefix, 'dev', 'other')
    expect(a.info()).toMatchObject({ ifname: 'other', mtu: 9000 })
    stop()
  })

  test('closing leaves nothing; so does an opening that fails', () => {
    const { ends } = wire()
    const before = descriptors()
    const a = UdpDevice.open(at(ends[0], 0), 2)
    const stop = a.onError(() => {})
    a.onLink(() => {})
    expect(() => UdpDevice.open(at(ends[0], 0), 2)).toThrow(/somebody else has UDP port 4789/)
    expect(() => UdpDevice.open(at(ends[0], 1), 2)).toThrow(/no interface there has that address/)
    a.close()
    a.close()
    stop()
    expect(a.errors()).toEqual([])
    expect(a.info()).toBeUndefined()
    expect(descriptors()).toBe(before)
  })

  test('when its namespace is deleted it says so once, and does not hold it once it is closed', async () => {
    const { ends } = wire()
    const a = open(at(ends[0], 0))
    const why: string[] = []
    a.onGone((text) => why.push(text))
    expect(processesIn(ends[0])).toEqual([])
    ip('netns', 'del', ends[0])
    await until('the loss to be told', () => why.length > 0)
    expect(why).toEqual(['its namespace is gone'])
    expect(a.info()).toBeUndefined()
    a.close()
    // The other end of the wire goes with it.
    await until('the namespace to end', () => !ip('-n', ends[1], 'link').includes('eth0'))
  })
})

test.each(['0.0.0.0', '::', '224.0.0.1', 'ff02::1', 'nonsense'])('%s is refused', (address) => {
  expect(() => UdpDevice.open({ address, port: PORT }, 1)).toThrow()
})

test('a worker knows which of its ports is the underlay', () => {
  const { ends } = wire()
  const device = open({ address: addressOf(4, 0), port: PORT, netns: ends[0] })
  const { forwarder } = new Rig('shared')
  const native = loadNative()
  const poller = native.pollerCreate()
  defer(() => {
    native.close(poller.epoll)
    native.close(poller.event)
  })
  const [queue] = device.queues
  forwarder.exports.setQueue(forwarder.worker, 1, queue?.fd ?? -1, queue?.kind ?? 0)
  const io = new NativeIo(forwarder, poller, 1 << 20, 3)
  expect([0, 1, 2, 0xffffffff].map((port) => io.isUnderlay(port))).toEqual([
    false,
    true,
    false,
    false,
  ])
})
