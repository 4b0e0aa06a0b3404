/** A frame in one form to a list of ports that are alike: as it is, with a tag, in segments, or in datagrams. */
import { Frame } from '../frame'
import { needsOf, Offload } from '../offload/release'
import { countAll, full, longerBy, sendOther, sendPlain } from './form'
import { deliverSegments, NO_TUNNEL } from './segments'
import { deliverTunnels } from './tunnel'

/**
 * Appends entries for `portCount` ports at `ports`, but `except`, which take `offloads` and the frame
 * with `tag`, or without one if that is 0. A partial checksum that a port lacks the offload for was
 * completed before. Counts what is sent; returns the number of transmit entries.
 */
export function deliver(
  worker: u32,
  block: usize,
  frame: usize,
  count: u32,
  tag: u32,
  offloads: u32,
  ports: usize,
  portCount: u32,
  except: u32,
): u32 {
  if ((offloads & Offload.TUNNEL) != 0) {
    return deliverTunnels(worker, block, frame, count, tag, ports, portCount, except)
  }
  if ((needsOf(frame) & ~offloads & ~Offload.CHECKSUM) != 0 || lacksChecksum(frame, offloads)) {
    return deliverSegments(worker, block, frame, count, tag, ports, portCount, except, NO_TUNNEL, 0)
  }
  const sent =
    tag == load<u32>(frame, Frame.TAG)
      ? sendPlain(block, frame, count, ports, portCount, except)
      : sendOther(worker, block, frame, count, tag, ports, portCount, except)
  if (!sent) return full(worker, frame, count)
  const octets = load<u32>(frame, Frame.LENGTH) + longerBy(frame, tag)
  countAll(worker, ports, portCount, except, 1, octets)
  return count + 1
}

/** A super-frame for a device that completes no checksums. */
@inline
function lacksChecksum(frame: usize, offloads: u32): bool {
  return load<u8>(frame, Frame.GSO_TYPE) != 0 && (offloads & Offload.CHECKSUM) == 0
}
