import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  decodeAddress,
  encodeAddress,
  encodeAddressQuery,
} from '../../src/device/netlink/address.js'
import { NLM_F, NLMSG, RTM } from '../../src/device/netlink/constants.js'
import { decodeLink, encodeLinkChange, isLink } from '../../src/device/netlink/link.js'
import {
  decodeAttributes,
  decodeMessages,
  encodeBody,
  encodeMessage,
  type Message,
  readCString,
  u32,
} from '../../src/device/netlink/message.js'
import { decodeRoute, encodeRoute } from '../../src/device/netlink/route.js'
import { LinkspanError } from '../../src/error.js'
import * as bytes from './netlink-bytes.js'

const hex = (value: Uint8Array) => Buffer.from(value).toString('hex')

function only(datagram: Uint8Array): Message {
  const [message, ...rest] = decodeMessages(datagram)
  expect(rest).toEqual([])
  if (message === undefined) throw new Error('the datagram is empty')
  return message
}

describe('messages', () => {
  test('a header is length, type, flags, sequence and port id, padded to 4 bytes', () => {
    const payload = Uint8Array.of(1, 2, 3, 4, 5)
    const message = encodeMessage({ type: 16, flags: 0x605, sequence: 9, payload })
    expect(hex(message)).toBe(`15000000100005060900000000000000${'0102030405'}000000`)
    expect(only(message)).toEqual({ type: 16, flags: 0x605, sequence: 9, payload })
  })

  test('an acknowledgement of the kernel is an error 0', () => {
    const message = only(bytes.linkAcknowledged)
    expect(message).toMatchObject({ type: NLMSG.ERROR, flags: NLM_F.CAPPED, sequence: 7 })
    expect(hex(message.payload.subarray(0, 4))).toBe('00000000')
  })

  test('a datagram holds many messages', () => {
    expect(decodeMessages(bytes.addresses).map(({ type }) => type)).toEqual([20, 20])
    expect(decodeMessages(bytes.routes)).toHaveLength(5)
  })

  test.each([0, 15, 1_000_000])('a length of %i is refused', (length) => {
    const message = encodeMessage({ type: 3, flags: 0, sequence: 1, payload: u32(0) })
    message.set(u32(length))
    expect(() => decodeMessages(message)).toThrow(LinkspanError)
  })

  test('any cut or changed datagram is read or refused, never looped on', () => {
    const length = bytes.link.length
    const position = fc.nat(length - 1)
    fc.assert(
      fc.property(position, position, fc.nat(255), (end, at, value) => {
        const datagram = bytes.link.slice(0, end)
        datagram[at % Math.max(1, end)] = value
        try {
          for (const { payload } of decodeMessages(datagram))
            if (isLink(payload)) decodeLink(payload)
        } catch (error) {
          expect(error).toBeInstanceOf(LinkspanError)
        }
      }),
    )
  })
})

describe('attributes', () => {
  test('come back as they were put in, without their padding', () => {
    const value = Uint8Array.of(7, 8, 9)
    const body = encodeBody(Uint8Array.of(1, 1, 1, 1), [
      [3, value],
      [4, u32(5)],
    ])
    expect(hex(body)).toBe('01010101070003000708090008000400' + '05000000')
    expect(decodeAttributes(body.subarray(4))).toEqual(
      new Map([
        [3, value],
        [4, u32(5)],
      ]),
    )
  })

  test('a nested flag is not part of the type', () => {
    expect([...decodeAttributes(Uint8Array.of(4, 0, 0x12, 0x80)).keys()]).toEqual([0x12])
  })

  test.each([0, 3, 200])('a length of %i is refused', (length) => {
    expect(() => decodeAttributes(Uint8Array.of(length, 0, 1, 0))).toThrow(LinkspanError)
  })

  test('text ends at its NUL', () => {
    expect(readCString(Uint8Array.of(0x65, 0x30, 0, 0x78))).toBe('e0')
  })
})

describe('links', () => {
  test('a TAP as the kernel tells of it', () => {
    const { type, payload } = only(bytes.link)
    expect(type).toBe(RTM.NEWLINK)
    expect(decodeLink(payload)).toEqual({
      index: 2,
      name: 't0',
      mac: '02:55:00:00:00:02',
      mtu: 1400,
      queueLength: 1000,
      flags: 0x1003,
      up: true,
      carrier: false,
      operState: 'down',
      kind: 'tun',
      tun: { type: 'tap', persist: true, multiQueue: true, queues: 0 },
      rx: { packets: 0, bytes: 0, errors: 0, dropped: 0 },
      tx: { packets: 0, bytes: 0, errors: 0, dropped: 0 },
    })
  })

  test('counters are eight u64 in the order of rtnl_link_stats64', () => {
    const stats = new BigUint64Array([1n, 2n, 3n, 4n, 5n, 6n, 7n, 8n])
    const body = encodeBody(new Uint8Array(16), [[23, new Uint8Array(stats.buffer)]])
    const { rx, tx } = decodeLink(body)
    expect(rx).toEqual({ packets: 1, bytes: 3, errors: 5, dropped: 7 })
    expect(tx).toEqual({ packets: 2, bytes: 4, errors: 6, dropped: 8 })
  })

  test('a message of a bridge about its port is no link', () => {
    expect(isLink(Uint8Array.of(7, ...new Uint8Array(15)))).toBe(false)
  })

  test('one message moves, renames and sets up', () => {
    const change = { namespaceFd: 5, mac: '02:00:00:00:00:01', mtu: 1400, name: 'e0', up: true }
    const body = encodeLinkChange(3, change)
    expect(hex(body.subarray(0, 16))).toBe('00000000030000000100000001000000')
    const attributes = decodeAttributes(body.subarray(16))
    expect([...attributes].map(([type, value]) => [type, hex(value)])).toEqual([
      [28, '05000000'],
      [1, '020000000001'],
      [4, '78050000'],
      [3, '653000'],
    ])
  })

  test('what is not asked for is not touched', () => {
    expect(hex(encodeLinkChange(3, { up: false }))).toBe('00000000030000000000000001000000')
    expect(hex(encodeLinkChange(3, { mtu: 1 }).subarray(0, 16))).toMatch(/0{16}$/)
  })
})

describe('addresses', () => {
  test('as the kernel lists them', () => {
    expect(decodeMessages(bytes.addresses).map(({ payload }) => decodeAddress(payload))).toEqual([
      { interfaceIndex: 2, address: '10.1.2.3/24' },
      { interfaceIndex: 2, address: 'fd00::3/64' },
    ])
  })

  test.each([
    ['10.1.2.3/24', '0a0102ff'],
    ['10.1.2.3/8', '0affffff'],
    ['10.1.2.3/22', '0a0103ff'],
    ['10.1.2.3/31', undefined],
  ])('%s has the broadcast address %s', (address, broadcast) => {
    const body = encodeAddress(2, address)
    const value = decodeAttributes(body.subarray(8)).get(4)
    expect(value === undefined ? undefined : hex(value)).toBe(broadcast)
  })

  test('IPv6 is usable at once: IFA_F_NODAD', () => {
    expect(hex(encodeAddress(2, 'fd00::1/64').subarray(0, 8))).toBe('0a40020002000000')
    expect(hex(encodeAddress(2, '10.0.0.1/24').subarray(0, 8))).toBe('0218000002000000')
  })

  test('a query asks for all', () => {
    expect(hex(encodeAddressQuery())).toBe('0000000000000000')
  })
})

describe('routes', () => {
  test('as the kernel lists them', () => {
    const routes = decodeMessages(bytes.routes).map(({ payload }) => decodeRoute(payload))
    const main = routes.filter(({ table }) => table === 254)
    expect(main).toEqual([
      { family: 4, to: 'default', via: '10.1.2.1', interfaceIndex: 2, table: 254 },
      { family: 4, to: '10.1.2.0/24', interfaceIndex: 2, table: 254 },
      { family: 4, to: '10.9.0.0/16', interfaceIndex: 2, table: 254 },
    ])
  })

  test.each([
    ['default', '10.0.0.1', '020000', '00'],
    ['default', 'fd00::1', '0a0000', '00'],
    ['10.9.8.7/16', undefined, '021000', 'fd'],
    ['fd01::/48', undefined, '0a3000', '00'],
  ])('to %s via %s', (to, via, start, scope) => {
    const body = encodeRoute({ to, ...(via === undefined ? {} : { via }), interfaceIndex: 4 })
    expect(hex(body.subarray(0, 12))).toBe(`${start}00fe04${scope}0100000000`)
  })

  test('host bits are cleared: the kernel refuses them', () => {
    const body = encodeRoute({ to: '10.9.8.7/16', interfaceIndex: 4 })
    expect(hex(decodeAttributes(body.subarray(12)).get(1) ?? new Uint8Array())).toBe('0a090000')
  })

  test('a next hop of the other IP version is refused', () => {
    const route = { to: '10.0.0.0/8', via: 'fd00::1', interfaceIndex: 4 }
    expect(() => encodeRoute(route)).toThrow(/same IP version/)
  })
})
