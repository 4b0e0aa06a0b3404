/** ICMP errors about connections (RFC 1122 4.2.3.9, RFC 5927). */
import type { Address } from '../host/network.js'
import { u32 } from './octets.js'
import type { Tcb } from './tcb.js'

export type PathErrorKind =
  | 'too-big'
  | 'port-unreachable'
  | 'protocol-unreachable'
  | 'network-unreachable'
  | 'host-unreachable'
  | 'prohibited'
  | 'time-exceeded'
  | 'parameter-problem'

export interface PathError {
  kind: PathErrorKind
  /** As the quoted packet had it: an address of this host. */
  from: Address
  to: Address
  /** Of the TCP header, 8 octets at least. */
  quoted: Uint8Array
  /** Who says so. */
  by?: Address
}

/** Whether it is about something that is under way: others may be forged (RFC 5927 4.1). */
export function concerns({ sender, output }: Tcb, quoted: Uint8Array): boolean {
  const position = (u32(quoted, 4) - output.initial - sender.acknowledged) | 0
  return position >= 0 && position < sender.next - sender.acknowledged
}

const texts: Record<PathErrorKind, string> = {
  'too-big': 'packets are too big for the path',
  'port-unreachable': 'nobody is at that port',
  'protocol-unreachable': 'TCP is not spoken there',
  'network-unreachable': 'there is no way to its network',
  'host-unreachable': 'there is no way to the host',
  prohibited: 'a filter does not let packets pass',
  'time-exceeded': 'packets go round in circles: their hop limit was exceeded',
  'parameter-problem': 'our packets are not understood',
}

/** The error that it is while a connection opens. */
export function errorText(
  { kind, by }: PathError,
  remote: string,
): ['REFUSED' | 'UNREACHABLE', string] {
  const refused = kind === 'port-unreachable' || kind === 'protocol-unreachable'
  const who = by === undefined ? '' : ` (said by ${by.text})`
  return [refused ? 'REFUSED' : 'UNREACHABLE', `${remote}: ${texts[kind]}${who}`]
}
