// UDP datagrams of both families as records of a stream: headers whole, checksums right over data of zeros.

const VIRTIO_HEADER = 12
const ETHERNET = 14
const IP = VIRTIO_HEADER + ETHERNET
const UDP_HEADER = 8

function sum(record, from, to) {
  let total = 0
  for (let at = from; at < to; at += 2) total += record.readUInt16BE(at)
  return total
}

function complement(total) {
  let folded = total
  while (folded > 0xffff) folded = (folded & 0xffff) + (folded >>> 16)
  return ~folded & 0xffff
}

/**
 * @typedef {readonly [high: number, low: number]} Mac its first two octets and the other four
 * @typedef {number | Buffer} Address of IPv4 as a number, of IPv6 as 16 octets
 * @typedef {object} Datagram
 * @property {readonly [to: Mac, from: Mac]} macs
 * @property {readonly [address: Address, port: number]} source
 * @property {readonly [address: Address, port: number]} destination
 *
 * @typedef {object} Family
 * @property {number} least octets of the least frame without FCS
 * @property {number} record octets of a record: the frame's length, virtio-net header, and all headers
 * @property {number} ends where a frame has its addresses, from its first octet on; ports follow
 * @property {number} address octets of one
 * @property {(record: Buffer) => void} head writes what is the same in every IP header
 * @property {(record: Buffer, length: number) => void} measure writes what of it depends on the frame's length
 */

/** @type {Family} */
export const ipv4 = {
  least: 60,
  record: 4 + IP + 20 + UDP_HEADER,
  ends: ETHERNET + 12,
  address: 4,
  head(record) {
    record.writeUInt16BE(0x0800, VIRTIO_HEADER + 12)
    record.writeUInt16BE(0x4500, IP)
    record.writeUInt16BE((64 << 8) | 17, IP + 8)
  },
  measure(record, length) {
    record.writeUInt16BE(length - ETHERNET, IP + 2)
    record.writeUInt16BE(0, IP + 10)
    record.writeUInt16BE(complement(sum(record, IP, IP + 20)), IP + 10)
  },
}

/** @type {Family} */
export const ipv6 = {
  least: 62,
  record: 4 + IP + 40 + UDP_HEADER,
  ends: ETHERNET + 8,
  address: 16,
  head(record) {
    record.writeUInt16BE(0x86dd, VIRTIO_HEADER + 12)
    record.writeUInt16BE(0x6000, IP)
    record.writeUInt16BE((17 << 8) | 64, IP + 6)
  },
  measure(record, length) {
    record.writeUInt16BE(length - ETHERNET - 40, IP + 4)
  },
}

function writeAddress(record, at, address) {
  if (typeof address === 'number') record.writeUInt32BE(address, at)
  else address.copy(record, at)
}

/**
 * Writes a datagram into a record, from its virtio-net header on. Returns the frame's length.
 *
 * @param {Family} family
 * @param {Buffer} record zeroed
 * @param {Datagram} datagram
 */
export function writeDatagram(family, record, { macs, source, destination }) {
  for (const [index, [high, low]] of macs.entries()) {
    record.writeUInt16BE(high, VIRTIO_HEADER + index * 6)
    record.writeUInt32BE(low, VIRTIO_HEADER + index * 6 + 2)
  }
  const addresses = VIRTIO_HEADER + family.ends
  const ports = addresses + 2 * family.address
  family.head(record)
  writeAddress(record, addresses, source[0])
  writeAddress(record, addresses + family.address, destination[0])
  record.writeUInt16BE(source[1], ports)
  record.writeUInt16BE(destination[1], ports + 2)
  return resize(family, record, family.least)
}

/** Makes a datagram in a record as long as a frame of `length` octets needs; returns that. */
export function resize(family, record, length) {
  const addresses = VIRTIO_HEADER + family.ends
  const udp = addresses + 2 * family.address
  const octets = length - (udp - VIRTIO_HEADER)
  family.measure(record, length)
  record.writeUInt16BE(octets, udp + 4)
  record.writeUInt16BE(0, udp + 6)
  const total = sum(record, addresses, udp + UDP_HEADER) + 17 + octets
  // Zero would mean that there is none.
  record.writeUInt16BE(complement(total) || 0xffff, udp + 6)
  return length
}
