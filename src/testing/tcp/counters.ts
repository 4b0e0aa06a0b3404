/** What a stack counts. */

/** Segments that came in and were of no use, by the reason. */
export interface TcpDrops {
  /** Header, length or options are not as RFC 9293 3.1 has them. */
  malformed: number
  /** For no connection and no listener; answered by a RST. */
  closed: number
  /** For a listener whose backlog is full. */
  backlog: number
  /** Outside of the window, or an old duplicate (PAWS, RFC 7323 5). */
  outOfWindow: number
  /** An ACK of what was never sent, or a RST or SYN that may be forged (RFC 5961). */
  unacceptable: number
  /** Out of order, with too many holes before it. */
  holes: number
  /** ICMP errors about nothing that is under way (RFC 5927 4). */
  errors: number
}

export interface TcpCounters {
  segmentsReceived: number
  segmentsSent: number
  retransmissions: number
  resetsSent: number
  challengeAcks: number
  readonly drops: TcpDrops
}

export const newCounters = (): TcpCounters => ({
  segmentsReceived: 0,
  segmentsSent: 0,
  retransmissions: 0,
  resetsSent: 0,
  challengeAcks: 0,
  drops: {
    malformed: 0,
    closed: 0,
    backlog: 0,
    outOfWindow: 0,
    unacceptable: 0,
    holes: 0,
    errors: 0,
  },
})
