import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  contains,
  formatAddress,
  formatMac,
  formatPrefix,
  isGroupMac,
  isLinkLocal,
  isMulticast,
  isUnspecified,
  isZeroMac,
  macToPair,
  networkOf,
  pairToMac,
  parseAddress,
  parseMac,
  parsePrefix,
} from '../../src/config/address.js'
import { LinkspanError } from '../../src/error.js'

const bytes = (size: number) => fc.uint8Array({ minLength: size, maxLength: size })

function invalid(run: () => unknown): LinkspanError {
  try {
    run()
  } catch (error) {
    expect(error).toBeInstanceOf(LinkspanError)
    expect(error).toMatchObject({ code: 'INVALID' })
    return error as LinkspanError
  }
  throw new Error('expected it to throw')
}

describe('addresses', () => {
  test('are bytes in network order', () => {
    expect(parseAddress('10.55.0.2')).toEqual({ family: 4, bytes: Uint8Array.of(10, 55, 0, 2) })
    const { family, bytes } = parseAddress('2001:db8::1')
    expect([family, ...bytes]).toEqual([6, 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1])
  })

  test.each([
    ['::', '::'],
    ['0:0:0:0:0:0:0:1', '::1'],
    ['2001:DB8::0001', '2001:db8::1'],
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:db8::1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
    ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
    ['::2:3:4:5:6:7:8', '0:2:3:4:5:6:7:8'],
    ['fe80::', 'fe80::'],
    ['::ffff:1.2.3.4', '::ffff:1.2.3.4'],
    ['::ffff:102:304', '::ffff:1.2.3.4'],
    ['64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
    ['1:2:3:4:5:6:1.2.3.4', '1:2:3:4:5:6:102:304'],
  ])('RFC 5952: %s is %s', (text, canonical) => {
    expect(formatAddress(parseAddress(text).bytes)).toBe(canonical)
  })

  test.each([
    '',
    ' ',
    '1.2.3',
    '1.2.3.4.5',
    '1.2.3.256',
    '1.2.3.-4',
    '1.2.3.0x4',
    '1.2.3.1e1',
    ' 1.2.3.4',
    '1.2.3.4 ',
    '1.2.3.',
    '.1.2.3',
    '1..2.3',
    '١.2.3.4',
    '16909060',
    '010.0.0.1',
    '1.2.3.00',
    ':',
    ':::',
    '1:::2',
    '1::2::3',
    '12345::',
    '00001::',
    'g::',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7::8',
    ':1::2',
    '1::2:',
    ' ::1',
    '::1 ',
    '+1::',
    '0x1::',
    '1:2:3:4:5:6:7:1.2.3.4',
    '::1.2.3.4:5',
    '::ffff:1.2.3',
    '::ffff:01.2.3.4',
    '::ffff:1.2.3.256',
    'fe80::1%eth0',
    '::1%',
    '10.0.0.1/24',
    '::1/64',
    '[::1]',
    'localhost',
  ])('refuses %j', (text) => {
    expect(invalid(() => parseAddress(text)).message).toContain(JSON.stringify(text))
  })

  test('say what is wrong with them', () => {
    expect(invalid(() => parseAddress('fe80::1%eth0')).message).toBe(
      'found "fe80::1%eth0"; expected an address without a zone id (the part from % on)',
    )
    expect(invalid(() => parseAddress('10.0.010.1')).message).toContain('without leading zeros')
    expect(invalid(() => parseAddress('::ffff:01.2.3.4')).message).toContain(
      'without leading zeros',
    )
    expect(invalid(() => formatAddress(new Uint8Array(5))).message).toContain('4 or 16 bytes')
  })

  test('any bytes survive being written and read', () => {
    const any = fc.oneof(
      bytes(4),
      bytes(16),
      bytes(16).map((b) => b.fill(0, 2, 13)),
    )
    fc.assert(
      fc.property(any, (b) => {
        expect(parseAddress(formatAddress(b)).bytes).toEqual(b)
      }),
    )
  })

  test('have kinds', () => {
    expect(isUnspecified(parseAddress('::'))).toBe(true)
    expect(isUnspecified(parseAddress('0.0.0.1'))).toBe(false)
    expect(
      ['224.0.0.1', '239.255.255.255', 'ff02::1'].map((a) => isMulticast(parseAddress(a))),
    ).toEqual([true, true, true])
    expect(
      ['223.255.255.255', '240.0.0.1', 'fe80::1'].map((a) => isMulticast(parseAddress(a))),
    ).toEqual([false, false, false])
    expect(isLinkLocal(parseAddress('febf::1'))).toBe(true)
    expect(['fec0::1', '169.254.0.1'].map((a) => isLinkLocal(parseAddress(a)))).toEqual([
      false,
      false,
    ])
  })
})

describe('prefixes', () => {
  test('keep their host bits', () => {
    expect(parsePrefix('10.55.0.2/24')).toEqual({
      family: 4,
      bytes: Uint8Array.of(10, 55, 0, 2),
      length: 24,
    })
    expect(formatPrefix(parsePrefix('FD55:0::2/64'))).toBe('fd55::2/64')
    expect(formatPrefix(networkOf(parsePrefix('10.55.3.255/23')))).toBe('10.55.2.0/23')
    expect(formatPrefix(networkOf(parsePrefix('fd55::ffff/127')))).toBe('fd55::fffe/127')
  })

  test.each([
    '10.0.0.1',
    '10.0.0.1/',
    '/24',
    '10.0.0.1/33',
    '10.0.0.1/-1',
    '10.0.0.1/08',
    '10.0.0.1/24/8',
    '10.0.0.1/255.0.0.0',
    '10.0.0.1/2 4',
    '::1/129',
    '::1/1e1',
    'x/24',
    '',
    '10.0.0.01/8',
    'fe80::1%a/64',
  ])('refuses %j', (text) => {
    invalid(() => parsePrefix(text))
  })

  test('contain what their mask says, in one family', () => {
    const within = (prefix: string, address: string) =>
      contains(parsePrefix(prefix), parseAddress(address))
    expect(within('10.55.0.2/24', '10.55.0.255')).toBe(true)
    expect(within('10.55.0.2/24', '10.55.1.0')).toBe(false)
    expect(within('10.55.0.2/25', '10.55.0.128')).toBe(false)
    expect(within('0.0.0.0/0', '255.255.255.255')).toBe(true)
    expect(within('10.0.0.1/32', '10.0.0.0')).toBe(false)
    expect(within('fd55::2/65', 'fd55::8000:0:0:0')).toBe(false)
    expect(within('::/0', '10.0.0.1')).toBe(false)
    expect(within('0.0.0.0/0', '::')).toBe(false)
  })

  test('contain an address just when both have the same network', () => {
    fc.assert(
      fc.property(bytes(4), bytes(4), fc.integer({ min: 0, max: 32 }), (a, b, length) => {
        const [left, right] = [a, b].map((of) => networkOf({ family: 4, bytes: of, length }).bytes)
        const same = `${left}` === `${right}`
        expect(contains({ family: 4, bytes: a, length }, { family: 4, bytes: b })).toBe(same)
      }),
    )
  })
})

describe('MAC addresses', () => {
  test('are six bytes, written in lower case with colons', () => {
    expect(parseMac('02:55:00:00:aB:Ff')).toEqual(Uint8Array.of(2, 0x55, 0, 0, 0xab, 0xff))
    expect(formatMac(parseMac('02-55-00-00-AB-FF'))).toBe('02:55:00:00:ab:ff')
  })

  test.each([
    '',
    '02:55:00:00:00',
    '02:55:00:00:00:02:03',
    '2:55:0:0:0:2',
    '0255.0000.0002',
    '025500000002',
    '02:55-00:00:00:02',
    '0g:55:00:00:00:02',
    ' 02:55:00:00:00:02',
    '02:55:00:00:00:02\n',
  ])('refuse %j', (text) => {
    expect(invalid(() => parseMac(text)).message).toContain('a MAC address such as')
  })

  test('are two unsigned numbers to a WASM call', () => {
    expect(macToPair(parseMac('ff:fe:fd:fc:fb:fa'))).toEqual([0xfffe, 0xfdfcfbfa])
    expect(formatMac([0xfffe, 0xfdfcfbfa])).toBe('ff:fe:fd:fc:fb:fa')
    expect(formatMac([0xfffe | -65536, 0xfdfcfbfa | 0])).toBe('ff:fe:fd:fc:fb:fa')
    fc.assert(
      fc.property(bytes(6), (mac) => {
        expect(pairToMac(macToPair(mac))).toEqual(mac)
      }),
    )
    invalid(() => macToPair(new Uint8Array(5)))
    invalid(() => formatMac(new Uint8Array(7)))
  })

  test('B1: group and zero are told apart from individual', () => {
    expect(
      ['01:00:00:00:00:00', 'ff:ff:ff:ff:ff:ff', '33:33:00:00:00:01'].map((m) =>
        isGroupMac(parseMac(m)),
      ),
    ).toEqual([true, true, true])
    expect(isGroupMac(parseMac('02:01:01:01:01:01'))).toBe(false)
    expect(isZeroMac(parseMac('00:00:00:00:00:00'))).toBe(true)
    expect(isZeroMac(parseMac('00:00:00:00:00:01'))).toBe(false)
  })
})
