/**
 * The way out: what a device must be able to take for a frame, the virtio-net header written anew
 * from the descriptor, and completion of a partial checksum for devices that cannot take one.
 */
import { Checksum, Frame } from '../frame'
import * as checksum from '../wire/checksum'
import { headerLength, TAG } from '../wire/ethernet'
import { UDP } from '../wire/udp'
import { clear, Virtio, write } from '../wire/virtio'

/** What a device takes, as bits of a port's `offloads` (the same in src/device/offload.ts). */
export namespace Offload {
  export const CHECKSUM: u32 = 1
  export const TSO4: u32 = 2
  export const TSO6: u32 = 4
  export const ECN: u32 = 8
  export const USO: u32 = 16
  /** Frames are put into datagrams: no offload, but told here as what a port does with what it is given. */
  export const TUNNEL: u32 = 32
}

/** The offloads without which a device cannot take the frame as it is. */
@inline
export function needsOf(frame: usize): u32 {
  const state = load<u32>(frame, Frame.CHECKSUM) // checksum, GSO type and size in one load
  return state == 0 ? 0 : needsOfRequest(frame)
}

function needsOfRequest(frame: usize): u32 {
  let needs: u32 = 0
  if (<u32>load<u8>(frame, Frame.CHECKSUM) == Checksum.PARTIAL) needs |= Offload.CHECKSUM
  const type = <u32>load<u8>(frame, Frame.GSO_TYPE)
  if (type == Virtio.GSO_TCPV4) needs |= Offload.TSO4
  if (type == Virtio.GSO_TCPV6) needs |= Offload.TSO6
  if (type == Virtio.GSO_UDP_L4) needs |= Offload.USO
  if (load<u8>(frame, Frame.ECN) != 0) needs |= Offload.ECN
  return needs
}

/** Octets of the network packet, of a super-frame's largest segment: what an MTU bounds. */
export function packetLength(frame: usize): u32 {
  let length = load<u32>(frame, Frame.LENGTH)
  if (load<u8>(frame, Frame.GSO_TYPE) != 0) {
    length = <u32>load<u16>(frame, Frame.HEADERS) + <u32>load<u16>(frame, Frame.GSO_SIZE)
  }
  // As if the switch's own tag were not there: a frame is as large on every port.
  const own = load<u32>(frame, Frame.TAG) == 0 ? 0 : TAG
  const address = <usize>load<u32>(frame, Frame.ADDRESS) + own
  return length - own - headerLength(address, length - own)
}

/**
 * Writes the virtio-net header before the Ethernet header at `address`, which is where the frame is
 * or where headers for it are made; they are `longer` octets longer than the frame's own.
 */
@inline
export function writeHeader(frame: usize, address: usize, longer: u32): void {
  if (<u32>load<u8>(frame, Frame.CHECKSUM) == Checksum.PARTIAL) writeRequest(frame, address, longer)
  else clear(address)
}

function writeRequest(frame: usize, address: usize, longer: u32): void {
  const type = <u32>load<u8>(frame, Frame.GSO_TYPE)
  write(
    address,
    Virtio.FLAG_NEEDS_CSUM,
    type | <u32>load<u8>(frame, Frame.ECN),
    type == 0 ? 0 : <u32>load<u16>(frame, Frame.HEADERS) + longer,
    <u32>load<u16>(frame, Frame.GSO_SIZE),
    <u32>load<u16>(frame, Frame.L4) + longer,
    <u32>load<u16>(frame, Frame.CHECKSUM_FIELD),
  )
}

/** Completes a partial checksum in place. Not for super-frames. */
export function complete(frame: usize): void {
  const l4 = <u32>load<u16>(frame, Frame.L4)
  const field = <u32>load<u16>(frame, Frame.CHECKSUM_FIELD)
  const start = <usize>load<u32>(frame, Frame.ADDRESS) + l4
  checksum.complete(start, load<u32>(frame, Frame.LENGTH) - l4, field, field == UDP.CHECKSUM)
  store<u8>(frame, <u8>Checksum.VERIFIED, Frame.CHECKSUM)
}

/**
 * Completes a partial checksum if `offloads`, what all ports take that the frame goes to, lack it.
 * Before the frame is put on a transmit list: what is on one is not changed any more.
 */
@inline
export function settle(frame: usize, offloads: u32): void {
  if (load<u32>(frame, Frame.CHECKSUM) == 0 || load<u8>(frame, Frame.GSO_TYPE) != 0) return
  if ((needsOf(frame) & ~offloads & Offload.CHECKSUM) != 0) complete(frame)
}
