/** What is for the router itself: it answers echo requests, and nothing else. */
import { Drop } from '../drop'
import { Fragment, Frame } from '../frame'
import { echoReply } from '../router/echo'
import { EtherType } from '../wire/ethernet'
import { Icmp } from '../wire/icmp'
import { Icmpv6 } from '../wire/icmpv6'
import { Complaint, complain } from './complain'
import { discard, toPort } from './emit'

export function deliverLocal(
  worker: u32,
  block: usize,
  config: usize,
  frame: usize,
  own: usize,
  entries: u32,
): u32 {
  const protocol = <u32>load<u8>(frame, Frame.PROTOCOL)
  const version4 = <u32>load<u16>(frame, Frame.ETHER_TYPE) == EtherType.IPV4
  const whole = <u32>load<u8>(frame, Frame.FRAGMENT) == Fragment.WHOLE
  if (protocol == (version4 ? Icmp.PROTOCOL : Icmpv6.PROTOCOL)) {
    const request = version4 ? Icmp.ECHO_REQUEST : Icmpv6.ECHO_REQUEST
    if (!whole || <u32>load<u8>(frame, Frame.ICMP_TYPE) != request) {
      discard(worker, frame, Drop.NOT_FOR_ROUTER)
      return entries
    }
    if (!echoReply(frame, load<u64>(own))) {
      discard(worker, frame, Drop.IP_HEADER)
      return entries
    }
    // By the way it came: whoever asks can be answered, whatever the routes are.
    return toPort(worker, block, frame, <u32>load<u16>(frame, Frame.PORT), entries)
  }
  const named = protocol == 6 || protocol == 17
  const what = named ? Complaint.PORT : Complaint.PROTOCOL
  // ICMPv6 points at what it does not know: the next header field.
  const pointer: u32 = version4 || named ? 0 : 6
  return complain(worker, block, config, frame, what, pointer, Drop.NOT_FOR_ROUTER, entries)
}
