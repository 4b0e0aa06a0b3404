/** ICMP (RFC 792): 0 type, 1 code, 2 checksum, 4 identifier and sequence number of an echo. */
export namespace Icmp {
  export const PROTOCOL: u32 = 1
  export const HEADER: u32 = 8
  export const ECHO_REPLY: u32 = 0
  export const UNREACHABLE: u32 = 3
  export const REDIRECT: u32 = 5
  export const ECHO_REQUEST: u32 = 8
  export const TIME_EXCEEDED: u32 = 11
  export const PARAMETER_PROBLEM: u32 = 12
}

/** True for the types that quote a packet (RFC 1122 section 3.2.2). */
@inline
export function isError(type: u32): bool {
  return (
    type == Icmp.UNREACHABLE ||
    type == Icmp.TIME_EXCEEDED ||
    type == Icmp.PARAMETER_PROBLEM ||
    type == Icmp.REDIRECT ||
    type == 4 // source quench, deprecated by RFC 6633, and no less an error
  )
}

@inline
export function isEcho(type: u32): bool {
  return type == Icmp.ECHO_REQUEST || type == Icmp.ECHO_REPLY
}
