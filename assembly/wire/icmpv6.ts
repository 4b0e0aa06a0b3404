/**
 * ICMPv6 (RFC 4443) and neighbour discovery (RFC 4861): 0 type, 1 code, 2 checksum; in solicitations
 * and advertisements 8 target, then options of { type, length in units of 8 octets, … }.
 */
export namespace Icmpv6 {
  export const PROTOCOL: u32 = 58
  export const HEADER: u32 = 8
  export const UNREACHABLE: u32 = 1
  export const PACKET_TOO_BIG: u32 = 2
  export const TIME_EXCEEDED: u32 = 3
  export const PARAMETER_PROBLEM: u32 = 4
  /** Types below are errors (RFC 4443 section 2.1). */
  export const INFORMATIONAL: u32 = 128
  export const ECHO_REQUEST: u32 = 128
  export const ECHO_REPLY: u32 = 129
  export const LISTENER_QUERY: u32 = 130
  export const LISTENER_REPORT: u32 = 131
  export const LISTENER_DONE: u32 = 132
  export const ROUTER_SOLICITATION: u32 = 133
  export const ROUTER_ADVERTISEMENT: u32 = 134
  export const NEIGHBOR_SOLICITATION: u32 = 135
  export const NEIGHBOR_ADVERTISEMENT: u32 = 136
  export const REDIRECT: u32 = 137
  export const LISTENER_REPORT_2: u32 = 143
  /** Where the target of a neighbour message lies, and where options begin. */
  export const TARGET: usize = 8
  export const NEIGHBOR_OPTIONS: u32 = 24
  export const ROUTER_SOLICITATION_OPTIONS: u32 = 8
}

@inline
export function isEcho(type: u32): bool {
  return type == Icmpv6.ECHO_REQUEST || type == Icmpv6.ECHO_REPLY
}

@inline
export function typeOf(message: usize): u32 {
  return <u32>load<u8>(message)
}

/**
 * True if every source or target link-layer address (options 1 and 2) among the options from `at` to
 * `length` is `mac`; false for options that do not add up.
 */
export function speaksFor(message: usize, at: u32, length: u32, mac: u64): bool {
  while (at + 8 <= length) {
    const option = message + at
    const size = (<u32>load<u8>(option, 1)) << 3
    if (size == 0 || at + size > length) return false
    const kind = <u32>load<u8>(option)
    if ((kind == 1 || kind == 2) && ((load<u64>(option) >> 16) & 0xffffffffffff) != mac)
      return false
    at += size
  }
  return at <= length
}
