// Who is on either side of the router: addresses and MACs of both families.

/** Hosts on the bridge. */
export const HOSTS = 1000
/** MACs, as their first two octets and the other four. */
export const GATEWAY = [0x02ff, 1]
export const UPLINK = [0x02ff, 2]
export const NEXT_HOP = [0x0201, 1]
export const macOfHost = (host) => [0x0200, 0x1000 + host]

export const macText = ([high, low]) =>
  (high.toString(16).padStart(4, '0') + low.toString(16).padStart(8, '0')).match(/../g).join(':')

const text4 = (address) => [24, 16, 8, 0].map((bits) => (address >>> bits) & 255).join('.')
const text6 = (address) => address.toString('hex').match(/.{4}/g).join(':')

/** 16 octets: a prefix of 64 bits, and a number. */
function numbered6(prefix, number) {
  const address = Buffer.alloc(16)
  address.writeBigUInt64BE(prefix)
  address.writeUInt32BE(number, 12)
  return address
}

/**
 * @typedef {object} Side
 * @property {(host: number) => import('./frames.js').Address} host on the bridge
 * @property {(number: number) => import('./frames.js').Address} anybody somebody far away, of 4,194,304
 * @property {(address: import('./frames.js').Address) => string} text
 * @property {string} gateway of the bridge, with its prefix's length
 * @property {string} uplink the same of the uplink
 * @property {(index: number) => string} external what is translated to, without
 * @property {string} nextHop
 * @property {string} all the default route's destination
 */

/** @type {Side} A host's number is behind 10.0.0.0/16, from 256 on; others are in 100.64.0.0/10. */
export const side4 = {
  host: (host) => (0x0a000000 | (host + 256)) >>> 0,
  anybody: (number) => 0x64400000 + (number & 0x3fffff),
  text: text4,
  gateway: '10.0.0.1/16',
  uplink: '203.0.113.2/24',
  external: (index) => `203.0.113.${index + 10}`,
  nextHop: '203.0.113.1',
  all: '0.0.0.0/0',
}

/** @type {Side} */
export const side6 = {
  host: (host) => numbered6(0xfd55_0000_0000_0000n, host + 256),
  anybody: (number) => numbered6(0x2001_0db8_ffff_0000n, number & 0x3fffff),
  text: text6,
  gateway: 'fd55::1/64',
  uplink: '2001:db8::2/64',
  external: (index) => `2001:db8::${index + 10}`,
  nextHop: '2001:db8::1',
  all: '::/0',
}
