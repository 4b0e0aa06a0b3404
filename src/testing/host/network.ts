/** What a transport has of the host below it, and what the host below it expects of a transport. */

import type { Kept } from '../../memento/keeper.js'
import type { Clock } from '../clock/clock.js'

export interface Address {
  readonly family: 4 | 6
  /** 4 or 16 octets, network order. */
  readonly bytes: Uint8Array
  /** Canonical: a dotted quad, or RFC 5952. */
  readonly text: string
}

export interface Network {
  readonly clock: Clock
  /**
   * Octets that a transport leaves free before each segment, in the buffer of which the segment is a
   * part: the host writes the headers of lower layers there instead of copying. None if left out.
   */
  readonly headroom?: number
  /** The octets of a segment are the transport's again when `send` has returned: it was copied. */
  readonly copies?: boolean
  /** A number of 32 bits of the host's own seeded generator. */
  random(): number
  /** The source address of packets to `to`. @throws LinkspanError code `UNREACHABLE` */
  sourceFor(to: Address): Address
  /** The largest IP packet that passes to `to`, octets, as far as is known (RFC 1191, RFC 8201). */
  mtuTo(to: Address): number
  /**
   * Sends a transport header and payload; takes the bytes over unless it `copies`, and gives nothing to a transport before it has
   * returned.
   *
   * @param checksumAt where the checksum is in `segment`; the host completes it
   * @throws LinkspanError code `UNREACHABLE`
   */
  send(protocol: number, from: Address, to: Address, segment: Uint8Array, checksumAt: number): void
}

/** An upper-layer packet that came in; good for the call only, its octets too. */
export interface Arrival {
  readonly from: Address
  /** Ours, or a group or broadcast address. */
  readonly to: Address
  readonly ttl: number
  /** DSCP and ECN: the octet of the IP header, of fragments the last one's; 0 if left out. */
  readonly trafficClass?: number
  /** The upper-layer packet: header and payload. */
  readonly segment: Uint8Array
}

/** A packet of ours that did not arrive, and what the network says of it. */
export interface Failure {
  readonly reason: FailureReason
  /** Who says so: a router, the other host, or ourselves. */
  readonly from: Address
  /** Of the packet. */
  readonly source: Address
  readonly destination: Address
  readonly protocol: number
  /** ICMP's code; -1 where no message came, but we noticed. */
  readonly code: number
  /** With `too-big`: what would fit, octets. */
  readonly mtu?: number
  /** The beginning of the upper-layer packet: 8 octets at least. Good for the call only. */
  readonly segment: Uint8Array
}

/** What an ICMP error says, in the words of RFC 792 and RFC 4443. */
export type FailureReason =
  | 'network-unreachable'
  | 'host-unreachable'
  | 'protocol-unreachable'
  | 'port-unreachable'
  | 'prohibited'
  | 'too-big'
  | 'time-exceeded'
  | 'reassembly-time-exceeded'
  | 'parameter-problem'

/** A protocol above IP. */
export interface Transport extends Kept {
  /** False where nobody is there for it: the host answers with an ICMP error. */
  receive(arrival: Arrival): boolean
  failed(failure: Failure): void
  /** Whoever waits is told that the lab was closed. */
  close(): void
}
