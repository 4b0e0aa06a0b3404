// UDP over IPv4 in minimum frames, as records of a stream: headers whole, checksums right.

const VIRTIO_HEADER = 12
const ETHERNET = 14
const IP = VIRTIO_HEADER + ETHERNET
const UDP = IP + 20
/** Ethernet without FCS; what is behind the headers is zero. */
export const LENGTH = 60
/** Octets a record: its length, virtio-net header, and all headers. */
export const RECORD = 4 + UDP + 8
const DATA = LENGTH - ETHERNET - 28

/** Where an IPv4 frame has what, from its first octet on. */
export const Field = {
  source: ETHERNET + 12,
  destination: ETHERNET + 16,
  sourcePort: ETHERNET + 20,
  destinationPort: ETHERNET + 22,
}

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
 * @typedef {object} Datagram
 * @property {readonly [to: Mac, from: Mac]} macs
 * @property {readonly [address: number, port: number]} source
 * @property {readonly [address: number, port: number]} destination
 *
 * Writes a datagram into a record, from its virtio-net header on. Returns the frame's length.
 *
 * @param {Buffer} record zeroed
 * @param {Datagram} datagram
 */
export function writeDatagram(record, { macs, source, destination }) {
  for (const [index, [high, low]] of macs.entries()) {
    record.writeUInt16BE(high, VIRTIO_HEADER + index * 6)
    record.writeUInt32BE(low, VIRTIO_HEADER + index * 6 + 2)
  }
  record.writeUInt16BE(0x0800, VIRTIO_HEADER + 12)
  record.writeUInt16BE(0x4500, IP)
  record.writeUInt16BE(28 + DATA, IP + 2)
  record.writeUInt16BE((64 << 8) | 17, IP + 8)
  record.writeUInt32BE(source[0], IP + 12)
  record.writeUInt32BE(destination[0], IP + 16)
  record.writeUInt16BE(complement(sum(record, IP, UDP)), IP + 10)
  record.writeUInt16BE(source[1], UDP)
  record.writeUInt16BE(destination[1], UDP + 2)
  record.writeUInt16BE(8 + DATA, UDP + 4)
  const pseudoHeader = sum(record, IP + 12, UDP) + 17 + 8 + DATA
  // Zero would mean that there is none.
  record.writeUInt16BE(complement(pseudoHeader + sum(record, UDP, UDP + 8)) || 0xffff, UDP + 6)
  return LENGTH
}
