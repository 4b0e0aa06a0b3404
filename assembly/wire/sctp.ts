/** SCTP (RFC 9260 section 3.1): 0 source port, 2 destination port, 4 verification tag, 8 CRC-32C. */
export namespace SCTP {
  export const PROTOCOL: u32 = 132
  export const HEADER: u32 = 12
}
