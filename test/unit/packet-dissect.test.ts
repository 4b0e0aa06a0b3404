import { describe, expect, test } from 'vitest'
import { dissect, type Layer } from '../../src/packet/dissect/dissect.js'
import {
  arp,
  EtherType,
  ethernet,
  frame,
  join,
  type PacketOptions,
  packet,
  station,
  superFrame,
  word,
} from '../support/frames.js'
import { complete } from '../support/upper.js'

const names = (layers: readonly Layer[]) => layers.map(({ layer }) => layer)
const find = (layers: readonly Layer[], name: string): Layer => {
  const found = layers.find(({ layer }) => layer === name)
  if (!found) throw new Error(`no layer ${name} in ${names(layers)}`)
  return found
}
const toReserved = (last: number) => Uint8Array.of(1, 0x80, 0xc2, 0, 0, last)
const slowTo = toReserved(2)

describe('frames of every kind', () => {
  test('one of nothing but addresses', () => {
    expect(dissect(frame(station(1), station(2), 7))).toEqual([
      {
        layer: 'ethernet',
        offset: 0,
        length: 14,
        fields: {
          destination: '02:00:00:00:00:01',
          source: '02:00:00:00:00:02',
          etherType: '0x88b5',
        },
        text: 'Ethernet 02:00:00:00:00:02 > 02:00:00:00:00:01, type 0x88b5 (Local Experimental 1)',
      },
      {
        layer: 'payload',
        offset: 14,
        length: 46,
        fields: { octets: `00000007${'0'.repeat(56)}` },
        text: `Payload, 46 octets: 00000007${'0'.repeat(56)}…`,
      },
    ])
  })

  test('ARP', () => {
    const layers = dissect(arp(1))
    expect(names(layers)).toEqual(['ethernet', 'arp'])
    expect(layers[1]?.fields).toEqual({
      operation: 1,
      senderMac: '02:00:00:00:00:01',
      senderAddress: '10.55.0.1',
      targetMac: '00:00:00:00:00:00',
      targetAddress: '10.55.0.2',
    })
    expect(layers[1]?.text).toBe(
      'ARP request, 10.55.0.1 (02:00:00:00:00:01) asks who has 10.55.0.2',
    )
  })

  const families: PacketOptions[] = [
    { version: 4, protocol: 'tcp' },
    { version: 4, protocol: 'udp' },
    { version: 6, protocol: 'tcp' },
    { version: 6, protocol: 'udp' },
    { version: 4, protocol: 'tcp', options: 12, tcpOptions: 8 },
    {
      version: 6,
      protocol: 'udp',
      extensions: [
        [0, 8],
        [60, 24],
        [43, 8],
      ],
    },
    { version: 4, protocol: 'udp', payload: 33, padding: 5 },
    { version: 6, protocol: 'tcp', tags: [{ vid: 10 }] },
    {
      version: 4,
      protocol: 'tcp',
      tags: [{ vid: 10, type: EtherType.QINQ }, { vid: 20 }, { vid: 30 }],
    },
  ]
  describe.each(families)('%j', (options) => {
    test('says where everything is, and that the checksum is right', () => {
      const { frame: bytes, layout } = packet(options)
      const layers = dissect(bytes)
      const upper = find(layers, options.protocol ?? 'tcp')
      expect(find(layers, `ipv${options.version}`).offset).toBe(layout.l3)
      expect(upper.offset).toBe(layout.l4)
      expect(find(layers, 'payload').offset).toBe(layout.payload)
      expect(upper.fields).toMatchObject({
        sourcePort: 40_000,
        destinationPort: 5432,
        checksumState: 'right',
      })
      const octets = layers.reduce((sum, { length }) => sum + length, 0)
      expect(octets).toBe(bytes.length)
      expect(names(layers).filter((name) => name === 'vlan')).toHaveLength(
        options.tags?.length ?? 0,
      )
      expect(names(layers).includes('padding')).toBe(options.padding !== undefined)
    })

    test('says that a checksum is partial', () => {
      const { frame: bytes } = packet({ ...options, checksum: 'partial' })
      expect(find(dissect(bytes), options.protocol ?? 'tcp').fields).toMatchObject({
        checksumState: 'partial',
      })
    })

    test('says which checksum is wrong and what it should be', () => {
      const { frame: bytes, layout } = packet(options)
      const at = layout.l4 + (options.protocol === 'udp' ? 6 : 16)
      const right = Buffer.from(bytes.subarray(at, at + 2)).toString('hex')
      bytes[at + 1] = (bytes[at + 1] as number) ^ 0x10
      const { fields, text } = find(dissect(bytes), options.protocol ?? 'tcp')
      expect(fields).toMatchObject({ checksumState: 'wrong', checksumExpected: `0x${right}` })
      expect(text).toContain(`wrong, should be 0x${right}`)
    })

    test('cut at every octet it says what is not there', () => {
      const { frame: bytes, layout } = packet(options)
      for (let cut = 0; cut < layout.end; cut++) {
        const layers = dissect(bytes.subarray(0, cut), { originalLength: bytes.length })
        const said = layers.filter(({ fields }) => 'truncated' in fields)
        expect(said.length, `${cut}`).toBe(1)
        expect(said[0], `${cut}`).toBe(layers.at(-1))
        expect(layers.every(({ offset, length }) => offset + length <= cut)).toBe(true)
        expect(layers.some(({ fields }) => fields.checksumState === 'wrong')).toBe(false)
      }
    })
  })

  test('a super-frame', () => {
    const { frame: bytes } = superFrame(1448, { payload: 60_000 })
    expect(find(dissect(bytes), 'tcp').fields).toMatchObject({
      checksumState: 'partial',
      payloadLength: 60_000,
    })
  })

  test('a VLAN tag of priority only', () => {
    const { frame: bytes } = packet({ tags: [{ vid: 0xf000 }] })
    const { fields, text } = find(dissect(bytes), 'vlan')
    expect(fields).toEqual({ tpid: '0x8100', vid: 0, priority: 7, dei: true, etherType: '0x0800' })
    expect(text).toContain('VLAN tag without VLAN (802.1Q), priority 7, drop eligible')
  })

  test('IPv4 fragments: the first has a header that cannot be checked, the rest have none', () => {
    const first = dissect(packet({ fragment: 0x2000 }).frame)
    expect(find(first, 'ipv4').fields).toMatchObject({ fragmentOffset: 0, flags: ['MF'] })
    expect(find(first, 'tcp').fields).toMatchObject({ checksumState: 'unchecked' })
    const later = dissect(packet({ fragment: 3 }).frame)
    expect(names(later)).toEqual(['ethernet', 'ipv4', 'payload'])
    expect(find(later, 'ipv4').text).toContain('fragment at 24 of id 0x0007, the last')
  })

  test('IPv6 fragments', () => {
    const { frame: bytes, layout } = packet({ version: 6, extensions: [[44, 8]] })
    bytes.set([0, 0x19, 0, 0, 0, 9], layout.l3 + 42)
    const layers = dissect(bytes)
    expect(names(layers)).toEqual(['ethernet', 'ipv6', 'fragment', 'payload'])
    expect(layers[2]?.fields).toEqual({
      nextHeader: 6,
      fragmentOffset: 24,
      more: true,
      identification: 9,
    })
  })

  test('a routing header with segments left: the checksum is over another address', () => {
    const { frame: bytes, layout } = packet({ version: 6, extensions: [[43, 8]] })
    bytes[layout.l3 + 43] = 1
    expect(find(dissect(bytes), 'tcp').fields).toMatchObject({ checksumState: 'unchecked' })
  })

  test('a UDP checksum that is not there', () => {
    for (const [version, words] of [
      [4, 'checksum 0x0000, absent'],
      [6, 'checksum 0x0000, absent, which IPv6 does not allow'],
    ] as const) {
      const { frame: bytes, layout } = packet({ version, protocol: 'udp' })
      bytes.set([0, 0], layout.l4 + 6)
      const { fields, text } = find(dissect(bytes), 'udp')
      expect(fields).toMatchObject({ checksumState: 'absent' })
      expect(text.endsWith(words)).toBe(true)
    }
  })

  test('VXLAN, and the frame in it', () => {
    const inner = packet({ version: 6, tags: [{ vid: 5 }] }).frame
    const made = packet({ protocol: 'udp', payload: join([8, 0, 0, 0, 0, 0, 42, 0], inner) })
    made.frame.set(word(4789), made.layout.l4 + 2)
    const layers = dissect(made.frame)
    expect(names(layers)).toEqual([
      ...['ethernet', 'ipv4', 'udp', 'vxlan'],
      ...['ethernet', 'vlan', 'ipv6', 'tcp', 'payload'],
    ])
    expect(layers[3]).toMatchObject({ fields: { vni: 42 }, text: 'VXLAN, VNI 42' })
    expect(layers[7]?.fields).toMatchObject({ checksumState: 'right' })
  })

  test('802.3 with LLC and SNAP in which is IPv4', () => {
    const v4 = packet().frame.subarray(14)
    const inside = join([0xaa, 0xaa, 3, 0, 0, 0, 8, 0], v4)
    const layers = dissect(ethernet(station(2), station(1), inside.length, inside))
    expect(names(layers)).toEqual(['ethernet', 'llc', 'snap', 'ipv4', 'tcp', 'payload'])
    expect(find(layers, 'tcp').fields).toMatchObject({ checksumState: 'right' })
  })

  test('a length that is none, and one that is too much', () => {
    const none = dissect(ethernet(station(2), station(1), 1501, new Uint8Array(10)))
    expect(none[0]?.fields).toMatchObject({ problem: '1501 is no length and no EtherType' })
    const more = dissect(ethernet(station(2), station(1), 30, new Uint8Array(10)))
    expect(more[0]?.fields).toMatchObject({ length: 30, problem: '10 octets are there' })
  })
})

describe('protocols of switches', () => {
  test('spanning tree', () => {
    const bridge = (last: number) => [0x80, 0, ...station(last)]
    const bpdu = [0, 0, 2, 2, 0x3c, ...bridge(1), 0, 0, 0, 4, ...bridge(2), 0x80, 1, 0, 0, 20, 0]
    const inside = join([0x42, 0x42, 3], bpdu, [2, 0, 15, 0, 0])
    const layers = dissect(
      ethernet(toReserved(0), station(1), inside.length, join(inside, new Uint8Array(7))),
    )
    expect(names(layers)).toEqual(['ethernet', 'llc', 'stp', 'padding'])
    expect(layers[2]?.text).toBe(
      'RSTP, rapid, root 32768.02:00:00:00:00:01, cost 4, bridge 32768.02:00:00:00:00:02, port 0x8001',
    )
  })

  test('LLDP', () => {
    const tlv = (type: number, ...value: number[]) => [
      ...word((type << 9) | value.length),
      ...value,
    ]
    const text = (words: string) => [...Buffer.from(words)]
    const data = join(
      tlv(1, 4, ...station(9)),
      tlv(2, 5, ...text('eth0')),
      tlv(3, 0, 120),
      tlv(5, ...text('switch "a"')),
      tlv(127, 0, 0x80, 0xc2, 1),
      tlv(0),
    )
    const layers = dissect(ethernet(toReserved(14), station(1), 0x88cc, data))
    expect(layers[1]?.fields.tlvs).toEqual([
      'chassis 02:00:00:00:00:09',
      'port "eth0"',
      'time to live 120 s',
      'system name "switch \\"a\\""',
      'organisation specific',
    ])
    const cut = dissect(ethernet(toReserved(14), station(1), 0x88cc, data.subarray(0, 15)))
    expect(cut[1]?.fields).toMatchObject({ truncated: 'TLV 2 of 5 octets, 4 are there' })
  })

  test('LACP', () => {
    const system = (last: number) => [
      1,
      20,
      0x80,
      0,
      ...station(last),
      0,
      7,
      0,
      1,
      0,
      1,
      0x3d,
      0,
      0,
      0,
    ]
    const data = join([1, 1], system(1), system(2), new Uint8Array(68))
    const layers = dissect(ethernet(slowTo, station(1), 0x8809, data))
    expect(layers[1]?.text).toBe(
      'Slow protocol: LACP, actor 32768.02:00:00:00:00:01 key 7, partner 32768.02:00:00:00:00:02 key 7',
    )
  })

  test.each<[number, number[], string]>([
    [0x888e, [2, 1, 0, 0], 'EAPOL version 2, start'],
    [0x8808, [0, 1, 0, 9], 'PAUSE for 9 quanta of 512 bit times'],
    [0x8809, [3, 0], 'Slow protocol: OAM'],
  ])('EtherType %i', (type, data, text) => {
    const layers = dissect(ethernet(toReserved(1), station(1), type, Uint8Array.from(data)))
    expect(layers[1]?.text).toBe(text)
  })
})

describe('ICMP', () => {
  test('an echo request, and its checksum', () => {
    const layers = dissect(complete(4, 1, [8, 0, 0, 0, 0, 5, 0, 6, 1, 2, 3]))
    expect(find(layers, 'icmp').fields).toMatchObject({
      type: 8,
      identifier: 5,
      sequence: 6,
      checksumState: 'right',
    })
  })

  test('an error, and the beginning of the packet that it is about', () => {
    const quoted = packet({ payload: 1000 }).frame.subarray(14, 14 + 28)
    const layers = dissect(complete(4, 1, join([3, 4, 0, 0, 0, 0, 5, 0xdc], quoted)))
    expect(names(layers)).toEqual(['ethernet', 'ipv4', 'icmp', 'ipv4', 'tcp'])
    expect(layers[2]?.text).toContain('destination unreachable: fragmentation needed, MTU 1500')
    expect(layers[3]?.fields).toMatchObject({ quoted: true, source: '10.55.0.1' })
    expect(layers[3]?.fields).not.toHaveProperty('problem')
    expect(layers[4]).toMatchObject({
      fields: { sourcePort: 40_000, destinationPort: 5432 },
      text: 'TCP 40000 > 5432, truncated: 8 of at least 20 octets are there',
    })
  })

  test('neighbour discovery by name, with its options', () => {
    const target = [0xfe, 0x80, ...new Array<number>(13).fill(0), 7]
    const option = [2, 1, ...station(7)]
    const layers = dissect(complete(6, 58, [136, 0, 0, 0, 0x60, 0, 0, 0, ...target, ...option]))
    const { fields, text } = find(layers, 'icmpv6')
    expect(fields).toMatchObject({
      target: 'fe80::7',
      flags: ['solicited', 'override'],
      options: ['target link-layer address 02:00:00:00:00:07'],
      checksumState: 'right',
    })
    expect(text).toContain('neighbour advertisement of fe80::7, solicited, override')
  })

  test('a router advertisement', () => {
    const prefix = [3, 4, 64, 0xc0, ...new Array<number>(12).fill(0)]
    const network = [0xfd, 0x55, ...new Array<number>(14).fill(0)]
    const head = [134, 0, 0, 0, 64, 0x80, 7, 8, 0, 0, 0, 0, 0, 0, 0, 0]
    const mtu = [5, 1, 0, 0, 0, 0, 5, 0xaa]
    const layers = dissect(complete(6, 58, [...head, ...prefix, ...network, ...mtu]))
    const { fields } = find(layers, 'icmpv6')
    expect(fields.options).toEqual(['prefix fd55::/64', 'MTU 1450'])
    expect(fields).toMatchObject({ lifetime: 1800, flags: ['managed'] })
  })

  test('an option of length 0 is said', () => {
    const target = new Array<number>(16).fill(0)
    const layers = dissect(
      complete(6, 58, [135, 0, 0, 0, 0, 0, 0, 0, ...target, 1, 0, 0, 0, 0, 0, 0, 0]),
    )
    expect(find(layers, 'icmpv6').fields.options).toEqual(['option 1 with a wrong length'])
  })

  test('an ICMPv6 error quotes', () => {
    const quoted = packet({ version: 6, payload: 1000 }).frame.subarray(14, 14 + 100)
    const layers = dissect(complete(6, 58, join([2, 0, 0, 0, 0, 0, 5, 0], quoted)))
    expect(names(layers).slice(1)).toEqual(['ipv6', 'icmpv6', 'ipv6', 'tcp', 'payload'])
    expect(find(layers, 'icmpv6').text).toContain('packet too big, MTU 1280')
    expect(find(layers, 'tcp').fields).toMatchObject({ checksumState: 'unchecked' })
  })
})

test('a frame of nothing but tags ends somewhere', () => {
  const tags = new Uint8Array(60_000)
  for (let at = 0; at < tags.length; at += 4) tags.set([0x81, 0], at + 2)
  const layers = dissect(ethernet(station(1), station(2), 0x8100, tags))
  expect(layers.length).toBe(65)
  expect(layers.at(-1)?.fields.problem).toBe('more than 64 headers')
})
