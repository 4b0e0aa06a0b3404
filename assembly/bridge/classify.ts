/**
 * Which VLAN a frame is of (IEEE 802.1Q-2022 sections 6.9 and 8.6.2), and whether the port lets it
 * in. The tag stays where it is until the frame leaves; what is behind it, further tags too, is payload.
 */
import { fidOfVlan, inVlanSet, PortFlag, PortRecord, vlanSet } from '../config'
import { Drop } from '../drop'
import { Frame } from '../frame'
import { tagAt, tciOf, Vlan } from '../wire/vlan'

/** Sets the frame's domain, TCI and tag. Returns 0, or a drop reason. */
export function classify(config: usize, record: usize, port: u32, frame: usize): u32 {
  const flags = load<u32>(record, PortRecord.FLAGS)
  const tpid = <u32>load<u16>(record, PortRecord.TPID)
  const address = <usize>load<u32>(frame, Frame.ADDRESS)
  const tag = tagAt(address)
  if ((flags & PortFlag.TUNNEL) != 0 || (tag & 0xffff) != tpid) {
    return classifyUntagged(record, flags, tpid, frame, tag)
  }
  if (load<u32>(frame, Frame.LENGTH) < Vlan.HEADER) return Drop.TRUNCATED_TAG
  const tci = tciOf(tag)
  const vid = tci & Vlan.VID_MASK
  if (vid == Vlan.VID_RESERVED) return Drop.VLAN_RESERVED
  if (vid == Vlan.VID_NONE) {
    const refused = toNative(record, flags, frame, tci)
    if (refused != 0) return refused
  } else {
    if ((flags & PortFlag.ADMIT_UNTAGGED) != 0) return Drop.TAGGED_REFUSED
    if (!inVlanSet(vlanSet(config, port), vid)) return Drop.VLAN_INGRESS
    const fid = fidOfVlan(<usize>load<u32>(record, PortRecord.VLAN_MAP), vid)
    if (fid == 0) return Drop.VLAN_INGRESS
    store<u16>(frame, <u16>fid, Frame.FID)
    store<u16>(frame, <u16>tci, Frame.TCI)
  }
  store<u32>(frame, tag, Frame.TAG)
  store<u8>(frame, <u32>load<u16>(address, Vlan.HEADER - 2) == tpid ? 1 : 0, Frame.NESTED)
  return 0
}

function classifyUntagged(record: usize, flags: u32, tpid: u32, frame: usize, type: u32): u32 {
  store<u8>(frame, (type & 0xffff) == tpid ? 1 : 0, Frame.NESTED)
  return toNative(record, flags, frame, 0)
}

/** Puts a frame without a VID into the native VLAN, with the priority of its tag if it has one. */
function toNative(record: usize, flags: u32, frame: usize, tci: u32): u32 {
  const fid = load<u32>(record, PortRecord.FID)
  if (fid == 0 || (flags & PortFlag.ADMIT_TAGGED) != 0) return Drop.UNTAGGED_REFUSED
  store<u16>(frame, <u16>fid, Frame.FID)
  store<u16>(frame, <u16>(tci | <u32>load<u16>(record, PortRecord.NATIVE)), Frame.TCI)
  return 0
}
