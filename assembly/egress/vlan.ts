/** What a frame of a VLAN leaves with. */
import { PortRecord } from '../config'
import { leavesTagged } from '../flood'
import { TAG } from '../wire/ethernet'
import { copyAddresses, copyTagged, tagOf, Vlan } from '../wire/vlan'

/** The tag with which a frame of TCI `tci` leaves by a port, four octets as on the wire; 0 for none. */
@inline
export function tagOfPort(record: usize, tci: u32): u32 {
  if (!leavesTagged(record, tci & Vlan.VID_MASK)) return 0
  return tagOf(<u32>load<u16>(record, PortRecord.TPID), tci)
}

/** Octets of a tag: none if it is 0. */
@inline
export function tagLength(tag: u32): u32 {
  return <u32>(tag != 0) * TAG
}

/** Copies both addresses and, if there is one, the tag. */
@inline
export function copyHead(to: usize, address: usize, tag: u32): void {
  if (tag == 0) copyAddresses(to, address)
  else copyTagged(to, address, tag)
}

/**
 * Puts `tag` (0: none) in place of the tag with which the frame lies at `address`, which makes it
 * `longer` octets longer (modulo 2^32), and returns where it begins then.
 */
@inline
export function relabel(address: usize, tag: u32, longer: u32): usize {
  const to = address - longer
  copyHead(to, address, tag)
  return to
}
