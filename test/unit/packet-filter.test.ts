import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LinkspanError } from '../../src/error.js'
import { type FilterWords, matches, parseFilter } from '../../src/packet/filter.js'
import { arp, ethernet, join, packet, station } from '../support/frames.js'

const v4 = packet().frame
const v6 = packet({ version: 6 }).frame
const tagged = packet({ tags: [{ vid: 0x600a, type: 0x88a8 }, { vid: 20 }] }).frame
const question = arp(1)
/** IPv4 behind LLC and SNAP (CONFORMANCE B13). */
const snap = ethernet(
  station(2),
  station(1),
  v4.length - 14 + 8,
  join([0xaa, 0xaa, 3, 0, 0, 0, 8, 0], v4.subarray(14)),
)
const stp = ethernet(station(2), station(1), 3, Uint8Array.of(0x42, 0x42, 3))

const keeps = (words: FilterWords, frame: Uint8Array, context = {}) =>
  matches(parseFilter(words), frame, context)

describe('a filter', () => {
  test('of nothing keeps everything', () => {
    for (const frame of [v4, v6, tagged, question, snap, stp, new Uint8Array()]) {
      expect(keeps({}, frame)).toBe(true)
    }
  })

  test('by port and direction asks what the frame came with', () => {
    const context = { port: 'web', direction: 'receive' } as const
    expect(keeps({ port: 'web' }, v4, context)).toBe(true)
    expect(keeps({ port: 'db' }, v4, context)).toBe(false)
    expect(keeps({ port: 'web' }, v4)).toBe(false)
    expect(keeps({ direction: 'receive' }, v4, context)).toBe(true)
    expect(keeps({ direction: 'transmit' }, v4, context)).toBe(false)
    expect(keeps({ direction: 'both' }, v4)).toBe(true)
    expect(keeps({ port: 'web', direction: 'transmit' }, v4, context)).toBe(false)
  })

  test('by MAC looks at both', () => {
    expect(keeps({ mac: '02:00:00:00:00:01' }, v4)).toBe(true)
    expect(keeps({ mac: '02-00-00-00-00-02' }, v4)).toBe(true)
    expect(keeps({ mac: '02:00:00:00:00:03' }, v4)).toBe(false)
    expect(keeps({ mac: '02:00:00:00:00:01' }, v4.subarray(0, 11))).toBe(false)
  })

  test.each<[string, string, Uint8Array, boolean]>([
    ['ipv4', 'IPv4', v4, true],
    ['0x0800', 'IPv4', v4, true],
    ['ipv6', 'IPv4', v4, false],
    ['ipv6', 'IPv6', v6, true],
    ['arp', 'ARP', question, true],
    ['ipv4', 'IPv4 behind two tags', tagged, true],
    ['0x8100', 'two tags', tagged, true],
    ['qinq', 'two tags', tagged, true],
    ['vlan', 'no tag', v4, false],
    ['ipv4', 'IPv4 behind SNAP', snap, true],
    ['ipv4', 'spanning tree', stp, false],
    ['ipv4', 'a cut frame', v4.subarray(0, 13), false],
  ])('by EtherType %s: %s', (etherType, _what, frame, kept) => {
    expect(keeps({ etherType }, frame)).toBe(kept)
  })

  test.each<[string, string, Uint8Array, boolean]>([
    ['10.55.0.1', 'its source', v4, true],
    ['10.55.0.2', 'its destination', v4, true],
    ['10.55.0.3', 'another', v4, false],
    ['10.55.0.0/16', 'a network', v4, true],
    ['10.55.0.3/30', 'a network, host bits set', v4, true],
    ['10.55.0.4/30', 'the next network', v4, false],
    ['10.54.0.0/15', 'a prefix within an octet', v4, true],
    ['10.56.0.0/13', 'another prefix within an octet', v4, false],
    ['0.0.0.0/0', 'all IPv4', v4, true],
    ['0.0.0.0/0', 'no IPv6', v6, false],
    ['::/0', 'no IPv4', v4, false],
    ['fd55::1', 'its source', v6, true],
    ['fd55::/16', 'a network', v6, true],
    ['fd55::2/127', 'the other pair, destination in it', v6, true],
    ['fd55::4/126', 'the next', v6, false],
    ['10.55.0.2', 'the target of ARP', question, true],
    ['10.55.0.1', 'the sender of ARP', question, true],
    ['10.55.0.9', 'not in ARP', question, false],
    ['10.55.0.1', 'behind tags', tagged, true],
    ['10.55.0.1', 'behind SNAP', snap, true],
    ['10.55.0.1', 'a cut frame', v4.subarray(0, 29), false],
    ['0.0.0.0/0', 'no spanning tree', stp, false],
  ])('by address %s: %s', (address, _what, frame, kept) => {
    expect(keeps({ address }, frame)).toBe(kept)
  })

  test('by VLAN takes what the switch says, else the outermost tag', () => {
    expect(keeps({ vlan: '10' }, tagged)).toBe(true)
    expect(keeps({ vlan: '20' }, tagged)).toBe(false)
    expect(keeps({ vlan: '10' }, v4)).toBe(false)
    expect(keeps({ vlan: '10' }, v4, { vlan: 10 })).toBe(true)
    expect(keeps({ vlan: '10' }, tagged, { vlan: 7 })).toBe(false)
  })

  test('of several parts keeps what all keep', () => {
    const words = {
      mac: '02:00:00:00:00:01',
      etherType: 'ipv4',
      address: '10.55.0.0/16',
      vlan: '10',
    }
    expect(keeps(words, tagged)).toBe(true)
    for (const [key, other] of Object.entries({
      mac: '02:00:00:00:00:09',
      etherType: 'arp',
      address: '10.56.0.0/16',
      vlan: '20',
    })) {
      expect(keeps({ ...words, [key]: other }, tagged), key).toBe(false)
    }
  })

  test.each<[FilterWords, string]>([
    [{ mac: '02:00' }, 'filter: mac: found "02:00"; expected a MAC address'],
    [{ etherType: '0x05ff' }, 'filter: etherType: found "0x05ff"; expected an EtherType'],
    [{ etherType: '0x10000' }, 'filter: etherType: found "0x10000"'],
    [{ etherType: '800' }, 'filter: etherType: found "800"'],
    [{ etherType: 'toString' }, 'filter: etherType: found "toString"'],
    [{ address: '10.0.0.0/33' }, 'filter: address: found "10.0.0.0/33"'],
    [{ vlan: '0' }, 'filter: vlan: found "0"; expected a VLAN, 1 to 4094'],
    [{ vlan: '4095' }, 'filter: vlan: found "4095"'],
    [{ direction: 'in' }, 'filter: direction: found "in"; expected "receive"'],
    [{ ports: 'x' } as FilterWords, 'filter: found "ports"; expected "port", "mac"'],
  ])('%o is refused', (words, message) => {
    expect(() => parseFilter(words)).toThrow(LinkspanError)
    expect(() => parseFilter(words)).toThrow(message)
  })

  test('takes any octets for a frame', () => {
    const filter = parseFilter({ address: 'fd55::/16', etherType: 'ipv6', vlan: '3' })
    const octets = fc.oneof(
      fc.uint8Array({ maxLength: 80 }),
      fc.nat(v6.length).map((cut) => v6.subarray(0, cut)),
    )
    fc.assert(
      fc.property(octets, (frame) => {
        expect(matches(filter, frame)).toBe(false)
      }),
    )
  })
})
