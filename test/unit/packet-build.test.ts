import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseMac } from '../../src/config/address.js'
import { LinkspanError } from '../../src/error.js'
import { type BuildOptions, buildFrame } from '../../src/packet/build.js'
import { dissect, type Layer } from '../../src/packet/dissect/dissect.js'
import { parseFlow } from '../../src/packet/flow.js'
import { FRAME_MAX } from '../../src/packet/hex.js'
import { checksumIsRight } from '../support/parse.js'

const build = (flow: string, options?: BuildOptions) =>
  buildFrame(parseFlow(flow.split(' ')), options)
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
const find = (layers: readonly Layer[], name: string) =>
  layers.find(({ layer }) => layer === name)?.fields

describe('flows', () => {
  test('TCP between IPv4 addresses: a SYN, octet by octet', () => {
    const frame = build('tcp 10.55.0.2:40000 10.55.0.3:5432', {
      sourceMac: parseMac('02:55:00:00:00:02'),
      destinationMac: parseMac('02:55:00:00:00:03'),
    })
    expect(hex(frame)).toBe(
      '025500000003' +
        '025500000002' +
        '0800' +
        '45000028000140004006265d0a3700020a370003' +
        '9c4015380000000100000000' +
        '5002ffffe9f60000',
    )
    expect(checksumIsRight(frame)).toBe(true)
    expect(find(dissect(frame), 'ipv4')).toMatchObject({ checksumState: 'right' })
  })

  test.each([
    ['tcp 10.55.0.2:40000 10.55.0.3:5432', 'tcp'],
    ['udp 10.55.0.2:40000 10.55.0.3:53', 'udp'],
    ['icmp 10.55.0.2 10.55.0.3', 'icmp'],
    ['tcp [fd55::2]:40000 [fd55::3]:5432', 'tcp'],
    ['udp [fd55::2]:40000 [fd55::3]:53', 'udp'],
    ['icmp fd55::2 fd55::3', 'icmpv6'],
  ])('%s has right checksums at every length', (flow, layer) => {
    const shortest = build(flow).length
    for (const length of [undefined, shortest, shortest + 1, 60, 1514, FRAME_MAX]) {
      const frame = build(flow, {
        tags: [{ vid: 10, priority: 3 }],
        ...(length !== undefined && { length: Math.max(length, shortest + 4) }),
      })
      const layers = dissect(frame)
      expect(find(layers, 'vlan')).toMatchObject({ vid: 10, priority: 3 })
      expect(find(layers, layer), `${length}`).toMatchObject({ checksumState: 'right' })
      expect(layers.filter(({ fields }) => 'problem' in fields || 'truncated' in fields)).toEqual(
        [],
      )
    }
  })

  test('ARP asks', () => {
    const [ethernet, arp, padding] = dissect(build('arp 10.55.0.2 10.55.0.3', { length: 60 }))
    expect(ethernet?.fields).toMatchObject({ destination: 'ff:ff:ff:ff:ff:ff' })
    expect(arp?.fields).toMatchObject({ senderAddress: '10.55.0.2', targetAddress: '10.55.0.3' })
    expect(padding).toMatchObject({ layer: 'padding', length: 18 })
  })

  test.each([
    ['udp 10.0.0.1:1 239.129.2.3:1', '01:00:5e:01:02:03'],
    ['udp 10.0.0.1:1 255.255.255.255:1', 'ff:ff:ff:ff:ff:ff'],
    ['icmp fd55::1 ff02::1:ff00:2', '33:33:ff:00:00:02'],
    ['icmp fd55::1 fd55::2', '02:00:00:00:00:02'],
  ])('%s goes to %s', (flow, mac) => {
    expect(dissect(build(flow))[0]?.fields).toMatchObject({ destination: mac })
  })

  test.each([
    ['tcp', 'protocol, source and destination'],
    ['tcp 10.0.0.1:1 10.0.0.2:2 more', 'protocol, source and destination'],
    ['sctp 10.0.0.1:1 10.0.0.2:2', 'found "sctp"'],
    ['tcp 10.0.0.1 10.0.0.2:2', 'found "10.0.0.1"; expected an address and a port'],
    ['tcp 10.0.0.1:65536 10.0.0.2:2', 'found "10.0.0.1:65536"'],
    ['tcp fd55::1:5 fd55::2:5', 'found "fd55::1:5"'],
    ['tcp 10.0.0.1:1 [fd55::2]:5', 'not of one family'],
    ['arp fd55::1 fd55::2', 'ARP is of IPv4 only'],
    ['icmp 10.0.0.1:1 10.0.0.2', 'found "10.0.0.1:1"'],
    ['icmp 10.0.0.01 10.0.0.2', 'leading zeros'],
  ])('"%s" is refused', (flow, message) => {
    expect(() => build(flow)).toThrow(LinkspanError)
    expect(() => build(flow)).toThrow(message)
  })

  test.each([[53], [-1], [1.5], [FRAME_MAX + 1], [Number.NaN]])(
    'no frame has %s octets',
    (length) => {
      expect(() => build('tcp 10.0.0.1:1 10.0.0.2:2', { length })).toThrow(
        'expected 54 (its headers)',
      )
    },
  )

  test.each([{ vid: 4096 }, { vid: -1 }, { vid: 1, priority: 8 }])('no tag is %o', (tag) => {
    expect(() => build('icmp 10.0.0.1 10.0.0.2', { tags: [tag] })).toThrow('a tag of VLAN')
  })

  test('any words are a flow or an error of ours', () => {
    const word = fc.oneof(fc.constantFrom('tcp', 'arp', '10.0.0.1', '::1', '[::1]:5'), fc.string())
    fc.assert(
      fc.property(fc.array(word, { maxLength: 4 }), (words) => {
        try {
          parseFlow(words)
        } catch (error) {
          expect(error).toBeInstanceOf(LinkspanError)
        }
      }),
    )
  })
})
