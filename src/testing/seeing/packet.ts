/** What a captured frame is, as far as tests ask: who talks to whom, and which packet it is. */
import { formatMac } from '../../config/address.js'
import { dissect, type Layer } from '../../packet/dissect/dissect.js'

export interface SeenPacket {
  /** From the outermost on: `arp`; `ipv4`, `udp`; `ipv6`, `icmpv6` … */
  readonly protocols: readonly string[]
  /** Of IP; of ARP the sender and the target. */
  readonly source: string | undefined
  readonly destination: string | undefined
  /** Of TCP and UDP. */
  readonly sourcePort: number | undefined
  readonly destinationPort: number | undefined
  readonly sourceMac: string
  readonly destinationMac: string
  /** The same wherever the packet is seen, whatever MACs, TTL, addresses and ports it has there. */
  readonly print: string
}

/** A MAC as it stands in a frame; 0: the destination's, 6: the source's. */
export const macOf = (frame: Uint8Array, at: 0 | 6): string => formatMac(frame.subarray(at, at + 6))

const UPPER = ['tcp', 'udp', 'icmp', 'icmpv6']

export function packetOf(frame: Uint8Array): SeenPacket {
  const layers = dissect(frame)
  // What is in a tunnel, or in an ICMP error, is another packet.
  const upperAt = layers.findIndex(({ layer }) => UPPER.includes(layer))
  const own = upperAt < 0 ? layers : layers.slice(0, upperAt + 1)
  const [ethernet] = layers
  const network = own.find(({ layer }) => ['ipv4', 'ipv6', 'arp'].includes(layer))
  const upper = upperAt < 0 ? undefined : layers[upperAt]
  return {
    protocols: [network, upper].flatMap((each) => each?.layer ?? []),
    source: text(network, 'source') ?? text(network, 'senderAddress'),
    destination: text(network, 'destination') ?? text(network, 'targetAddress'),
    sourcePort: number(upper, 'sourcePort'),
    destinationPort: number(upper, 'destinationPort'),
    sourceMac: text(ethernet, 'source') ?? '',
    destinationMac: text(ethernet, 'destination') ?? '',
    print: printOf(frame, layers, network, upper),
  }
}

const text = (layer: Layer | undefined, field: string): string | undefined => {
  const value = layer?.fields[field]
  return typeof value === 'string' ? value : undefined
}
const number = (layer: Layer | undefined, field: string): number | undefined => {
  const value = layer?.fields[field]
  return typeof value === 'number' ? value : undefined
}

/**
 * IPv4's identification and where a fragment lies, which no router changes, and what is behind the IP header
 * without what translation changes: ports, the identifier of an echo, checksums.
 */
function printOf(
  frame: Uint8Array,
  layers: readonly Layer[],
  network: Layer | undefined,
  upper: Layer | undefined,
): string {
  if (network === undefined || network.layer === 'arp') {
    const at = layers.find(({ layer }) => layer !== 'ethernet' && layer !== 'vlan')?.offset ?? 0
    return `${network?.layer ?? 'frame'} ${hash(frame, at, frame.length)}`
  }
  const { identification = 0, fragmentOffset = 0 } = network.fields
  const behind = network.offset + network.length
  const end = Math.min(frame.length, endOf(network))
  const head = `${network.layer} ${identification} ${fragmentOffset} ${end - behind}`
  return upper === undefined
    ? `${head} ${hash(frame, behind, end)}`
    : `${head} ${upper.layer} ${upperPrint(frame, layers, upper, end)}`
}

const endOf = ({ layer, offset, fields: { totalLength, payloadLength } }: Layer): number =>
  offset + (layer === 'ipv4' ? Number(totalLength) : 40 + Number(payloadLength))

function upperPrint(
  frame: Uint8Array,
  layers: readonly Layer[],
  upper: Layer,
  end: number,
): string {
  const { offset, length } = upper
  switch (upper.layer) {
    case 'tcp':
      // A router may change the MSS among the options, not what is before and behind them.
      return `${hash(frame, offset + 4, offset + 16)} ${hash(frame, offset + length, end)}`
    case 'udp':
      return hash(frame, offset + 8, end)
    default: {
      const quoted = layers.find(({ fields }) => fields.quoted === true)
      const kind = hash(frame, offset, offset + 2)
      // Of an error the packet inside is translated too.
      if (quoted) return `${kind} ${quoted.fields.identification ?? quoted.fields.payloadLength}`
      return `${kind} ${hash(frame, offset + (upper.layer === 'icmp' ? 6 : 4), end)}`
    }
  }
}

/** FNV-1a. */
function hash(octets: Uint8Array, from: number, to: number): string {
  let value = 0x811c9dc5
  for (let at = from; at < to; at++) value = Math.imul(value ^ (octets[at] ?? 0), 0x01000193)
  return (value >>> 0).toString(36)
}
