/** Packets whose UDP checksum the sender's card has yet to make. */
import { readIp } from './ip.js'

/** A UDP packet's fields; undefined where it is none. */
export function readUnfinished(frame: Uint8Array) {
  const copy = frame.slice()
  const four = copy[12] === 8
  const at = 14 + (four ? 20 : 40)
  const tos = four ? copy[15] : (((copy[14] ?? 0) & 15) << 4) | ((copy[15] ?? 0) >> 4)
  // A packet of another protocol is none of this test's.
  if (copy[four ? 23 : 20] !== 17) return undefined
  copy[four ? 23 : 20] = 253
  if (four) refresh(copy)
  const read = readIp(copy)
  return (
    read && {
      ...read,
      fragment: four ? read.fragment : 0x4000,
      tos,
      protocol: 17,
      payload: frame.slice(at),
    }
  )
}

/** The IPv4 header's checksum, for the protocol that was put into it. */
function refresh(frame: Uint8Array): void {
  frame.set([0, 0], 24)
  let sum = 0
  for (let at = 14; at < 34; at += 2) sum += (frame[at] as number) * 256 + (frame[at + 1] as number)
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  frame.set([(~sum >>> 8) & 0xff, ~sum & 0xff], 24)
}
