/** Packets put in at one end of a router, and what comes out at both. */
import { EtherType } from '../frames.js'
import { framed } from '../ip.js'
import { PATIENCE } from '../until.js'
import { isMarker, markers } from './marker.js'
import { ENDS, type End, macOf, ROUTER } from './places.js'
import type { Router } from './sides.js'

export type Outputs = Record<End, Uint8Array[]>

export const sourceOf = (packet: Uint8Array) => packet.subarray(12, 16).join('.')
export const destinationOf = (packet: Uint8Array) => packet.subarray(16, 20).join('.')

/** @returns the packets that came out, oldest first, when all that can come has come */
export async function exchange(
  router: Router,
  from: End,
  packets: readonly Uint8Array[],
): Promise<Outputs> {
  const own = markers(from)
  for (const packet of [...packets, ...own]) {
    const frame = framed(ROUTER[from], macOf(sourceOf(packet)), packet)
    const errno = router.ends[from].send(frame)
    if (errno !== 0) throw new Error(`a packet was not taken: errno ${errno}`)
  }
  const outputs: Outputs = { inside: [], outside: [] }
  const end = performance.now() + PATIENCE
  for (let missing = own.length, turn = 0; ; turn++) {
    missing -= read(router, outputs)
    if (missing <= 0) break
    if (performance.now() > end) throw new Error(`${router.name}: markers never came out`)
    await new Promise((done) => (turn < 50 ? setImmediate(done) : setTimeout(done, 1)))
  }
  // What went to an end that was read before the last marker's.
  read(router, outputs)
  return outputs
}

/** Takes what came out. @returns how many markers */
function read(router: Router, outputs: Outputs): number {
  let found = 0
  for (const end of ENDS) {
    for (const { frame } of router.ends[end].take()) {
      if (((frame[12] as number) << 8) + (frame[13] as number) !== EtherType.IPV4) continue
      if (isMarker(frame)) found++
      else outputs[end].push(packetOf(frame, end))
    }
  }
  return found
}

/** The packet of a frame, which must be from the router to who has its destination. */
function packetOf(frame: Uint8Array, end: End): Uint8Array {
  const length = ((frame[16] as number) << 8) | (frame[17] as number)
  const packet = frame.slice(14, 14 + length)
  const macs = [...macOf(destinationOf(packet)), ...ROUTER[end]]
  if (macs.some((octet, at) => frame[at] !== octet)) throw new Error('wrong MACs')
  return packet
}
