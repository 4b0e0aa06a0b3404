// A TCP super-frame over IPv4 with timestamps, as a bulk transfer has them.
import { scatter } from '../lib/random.js'

/** Payload of a segment, octets, and how many make 64 KiB. */
export const MSS = 1448
export const SEGMENTS = 45

const ETHERNET = 14
const IPV4 = 20
const TCP = 32

function sum(view, from, to) {
  let total = 0
  for (let at = from; at < to; at += 2) total += view.getUint16(at)
  while (total > 0xffff) total = (total & 0xffff) + (total >>> 16)
  return total
}

/** @returns {{headers: number, octets: Uint8Array}} octets up to the payload, and all of them */
export function superFrame(payload) {
  const headers = ETHERNET + IPV4 + TCP
  const octets = new Uint8Array(headers + payload)
  const view = new DataView(octets.buffer)
  octets.set([2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x08, 0x00])
  octets.set([0x45, 0, 0, 0, 0, 1, 0x40, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2], ETHERNET)
  view.setUint16(ETHERNET + 2, IPV4 + TCP + payload)
  view.setUint16(ETHERNET + 10, ~sum(view, ETHERNET, ETHERNET + IPV4))
  const tcp = ETHERNET + IPV4
  octets.set([0x9c, 0x40, 0x14, 0x51, 0, 0, 0, 1, 0, 0, 0, 2, 0x80, 0x10, 0xff, 0xff], tcp)
  octets.set([1, 1, 8, 10, 0, 0, 0, 7, 0, 0, 0, 9], tcp + 20)
  for (let at = headers; at < octets.length; at++) octets[at] = scatter(at) >>> 13
  // The pseudo-header: addresses, protocol, length.
  let partial = sum(view, ETHERNET + 12, ETHERNET + 20) + 6 + TCP + payload
  while (partial > 0xffff) partial = (partial & 0xffff) + (partial >>> 16)
  view.setUint16(tcp + 16, partial)
  return { headers, octets }
}
