/**
 * What a packet device makes of VLAN tags and offloads. The judge is a TAP: it hands over and takes
 * tags where they stand on the wire. A kernel bridge joins it to the other end of the device's veth.
 */
import { describe, expect, test } from 'vitest'
import { loadNative } from '../../src/device/native.js'
import { PacketDevice } from '../../src/device/packet.js'
import { type Queue, QueueKind } from '../../src/device/queue.js'
import { TapDevice } from '../../src/device/tap.js'
import { defer } from '../support/cleanup.js'
import type { Carried } from '../support/device-ends.js'
import { EtherType, ethernet, packet, station, superFrame, type Tag } from '../support/frames.js'
import { ip, ipJson, namespace } from '../support/netns.js'
import { RawQueue } from '../support/raw-queue.js'
import { until } from '../support/until.js'
import { NEEDS_CSUM, NOTHING } from '../support/virtio.js'

interface Wire {
  netns: string
  packet: RawQueue
  tap: RawQueue
}

/** `sw` (the packet device's) - `eth` - bridge - `tap`. */
function wire(open: (netns: string) => Queue): Wire {
  const netns = namespace(undefined, { ipv6: false })
  const inside = (...words: string[]) => ip('-n', netns, ...words)
  inside('link', 'add', 'bridge0', 'type', 'bridge')
  inside('link', 'add', 'eth', 'type', 'veth', 'peer', 'name', 'sw')
  const tap = TapDevice.open({ name: 'tap', netns, mtu: 1500 }, 1)
  defer(() => tap.close())
  for (const name of ['eth', 'tap']) inside('link', 'set', name, 'master', 'bridge0')
  for (const name of ['bridge0', 'eth', 'sw']) inside('link', 'set', name, 'up')
  return {
    netns,
    packet: new RawQueue(open(netns)),
    tap: new RawQueue(tap.queues[0] as Queue),
  }
}

function device(netns: string): Queue {
  const opened = PacketDevice.open({ name: 'sw', netns, promiscuous: true })
  defer(() => opened.close())
  return opened.queues[0] as Queue
}

/** As a kernel before 6.4 has it. */
function shortHeaders(netns: string): Queue {
  const native = loadNative()
  const [link] = ipJson<{ ifindex: number }[]>(netns, 'link', 'show', 'sw')
  const { fd: namespaceFd } = native.namespaceOpen(`/run/netns/${netns}`)
  const fd = native.packetOpen(namespaceFd, link?.ifindex ?? 0, 10)
  native.close(namespaceFd)
  defer(() => native.close(fd))
  return { fd, kind: QueueKind.PACKET_SHORT }
}

const probe = ethernet(station(8), station(9), EtherType.LOCAL, new Uint8Array(46))

/** Until the bridge forwards: what is sent before its ports are up is lost. */
async function ready({ packet: from, tap: to }: Wire): Promise<void> {
  await until('the bridge to forward', () => {
    from.send(probe)
    return to.take().length > 0
  })
}

/** What the test sends comes from station 1: probes may be late, and the kernel speaks IGMP. */
function take(queue: RawQueue) {
  const sender = Buffer.from(station(1))
  return queue.take().filter(({ frame }) => sender.equals(frame.subarray(6, 12)))
}

async function carried(from: RawQueue, to: RawQueue, sent: Carried): Promise<Carried> {
  expect(from.send(sent.frame, sent.header)).toBe(0)
  const [arrived, ...more] = await until('the frame to arrive', () => {
    const burst = take(to)
    return burst.length > 0 ? burst : undefined
  })
  expect(more).toEqual([])
  expect(arrived?.headroom).toBeGreaterThanOrEqual(128)
  return { header: arrived?.header ?? NOTHING, frame: arrived?.frame ?? new Uint8Array() }
}

/** What a header asks for. Its hdr_len is a hint, which each kernel gives anew. */
function asks({ flags, gsoType, gsoSize, checksumStart, checksumOffset }: Carried['header']) {
  const partial = (flags & NEEDS_CSUM) !== 0
  return partial ? { gsoType, gsoSize, checksumStart, checksumOffset } : { gsoType, gsoSize }
}

const stag = { vid: 100, type: EtherType.QINQ }
const stacks: [string, Tag[]][] = [
  ['no tag', []],
  ['a tag with a priority', [{ vid: (5 << 13) | 10 }]],
  ['a drop-eligible tag', [{ vid: (1 << 12) | 10 }]],
  ['VID 0', [{ vid: 0 }]],
  ['VID 4095', [{ vid: 4095 }]],
  ['an 802.1ad tag', [stag]],
  ['two tags', [stag, { vid: 10 }]],
  ['two 802.1Q tags', [{ vid: 20 }, { vid: 10 }]],
  ['three tags', [stag, { vid: 20 }, { vid: 10 }]],
]

describe.each([
  ['a packet device', device],
  ['a packet socket with the header of old kernels', shortHeaders],
])('%s', (_, open) => {
  test.each(stacks)('carries %s both ways', async (_name, tags) => {
    const line = wire(open)
    await ready(line)
    const sent = packet({ tags, payload: 200 })
    for (const [from, to] of [
      [line.tap, line.packet],
      [line.packet, line.tap],
    ] as const) {
      const arrived = await carried(from, to, sent)
      expect(Buffer.from(arrived.frame).toString('hex')).toBe(
        Buffer.from(sent.frame).toString('hex'),
      )
      expect(asks(arrived.header)).toEqual(asks(sent.header))
    }
  })

  test.each(
    stacks
      .slice(0, 2)
      .flatMap(([name, tags]) => [
        [`a partial checksum behind ${name}`, packet({ tags, checksum: 'partial' })] as const,
        [`a super-frame behind ${name}`, superFrame(1400, { tags, payload: 40_000 })] as const,
        [
          `an IPv6 super-frame behind ${name}`,
          superFrame(1400, { tags, version: 6, payload: 40_000 }),
        ] as const,
      ]),
  )('carries %s whole, both ways', async (_name, sent) => {
    const line = wire(open)
    await ready(line)
    for (const [from, to] of [
      [line.tap, line.packet],
      [line.packet, line.tap],
    ] as const) {
      const arrived = await carried(from, to, sent)
      expect(asks(arrived.header)).toEqual(asks(sent.header))
      expect(Buffer.compare(arrived.frame, sent.frame)).toBe(0)
    }
  })
})
