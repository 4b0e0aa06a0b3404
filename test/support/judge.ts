/**
 * What must become of a frame at the door, from CONFORMANCE T11 and nothing else: either it leaves
 * with a header that is true of it, or it is a drop for a reason.
 */
import { checksumField, isTransport, parse, type Transport } from './parse.js'
import type { DropReason, Offloaded } from './rig.js'
import { DATA_VALID, Gso, NEEDS_CSUM, NOTHING } from './virtio.js'

export type Verdict = { drop: DropReason; out?: undefined } | { drop?: undefined; out: Offloaded }

const UDP_MAX_SEGMENTS = 128

const dropped = (drop: DropReason): Verdict => ({ drop })

/** For a frame that is neither short nor long and goes to ports that take all offloads. */
export function judge({ header, frame }: Offloaded): Verdict {
  const { flags, gsoType } = header
  if (flags === 0 && gsoType === Gso.NONE) return { out: { header: NOTHING, frame } }
  if ((flags & ~(NEEDS_CSUM | DATA_VALID)) !== 0) return dropped('checksum-request')
  if ((flags & NEEDS_CSUM) === 0) {
    if (gsoType !== Gso.NONE) return dropped('segmentation-request')
    return { out: { header: NOTHING, frame } }
  }
  const found = parse(frame)
  if (found.kind === 'chain') return dropped('header-chain')
  if (found.kind === 'truncated') return dropped('truncated-header')
  if (!isTransport(found)) return dropped('checksum-request')
  const field = checksumField(found)
  if (header.checksumStart !== found.l4) return dropped('checksum-request')
  if (header.checksumOffset !== field) return dropped('checksum-request')
  const request = { ...NOTHING, flags: NEEDS_CSUM, checksumStart: found.l4, checksumOffset: field }
  // What lies behind the packet would be summed by whoever completes the checksum.
  const out = { header: request, frame: frame.subarray(0, found.end) }
  return gsoType === Gso.NONE ? { out } : judgeSegmentation(header, found, out)
}

function judgeSegmentation(
  { gsoType, gsoSize }: Offloaded['header'],
  found: Transport,
  out: Offloaded,
): Verdict {
  const tcp = found.version === 4 ? Gso.TCPV4 : Gso.TCPV6
  const allowed = found.kind === 'tcp' ? [tcp, tcp | Gso.ECN] : [Gso.UDP_L4]
  if (!allowed.includes(gsoType as never)) return dropped('segmentation-request')
  if (gsoSize === 0) return dropped('segmentation-request')
  const payload = found.end - found.payload
  if (payload <= gsoSize) return { out }
  if (found.kind === 'udp' && payload > gsoSize * UDP_MAX_SEGMENTS) {
    return dropped('segmentation-request')
  }
  return {
    out: { ...out, header: { ...out.header, gsoType, gsoSize, headerLength: found.payload } },
  }
}
