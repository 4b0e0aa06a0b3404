/** An Ethernet frame, header by header, for people and for JSON. */
import { arp } from './arp.js'
import { eapol, lldp, macControl, slow, stp } from './control.js'
import { ethernet, llc, snap, vlan } from './ethernet.js'
import { icmp } from './icmp.js'
import { icmpv6 } from './icmpv6.js'
import { ipv4 } from './ipv4.js'
import { authentication, destinationOptions, fragment, hopByHop, ipv6, routing } from './ipv6.js'
import {
  type Dissected,
  type Dissector,
  type Layer,
  type Next,
  Octets,
  octetsText,
  type Place,
} from './layer.js'
import { tcp } from './tcp.js'
import { udp, vxlan } from './udp.js'

export type { FieldValue, Layer } from './layer.js'

/** Who reads what, by the names that the dissectors themselves use. */
const dissectors: Readonly<Record<string, Dissector>> = {
  ethernet,
  vlan,
  llc,
  snap,
  stp,
  slow,
  lldp,
  eapol,
  'mac-control': macControl,
  arp,
  ipv4,
  ipv6,
  'hop-by-hop': hopByHop,
  'destination-options': destinationOptions,
  routing,
  fragment,
  authentication,
  icmp,
  icmpv6,
  tcp,
  udp,
  vxlan,
  payload,
  'quoted-ipv4': quoted(ipv4),
  'quoted-ipv6': quoted(ipv6),
}

/** A frame of nothing but tags has thousands: nobody reads that many. */
const LAYERS_MAX = 64

/** Octets of a payload that are shown. */
const SHOWN = 32

export interface DissectOptions {
  /** Octets that the frame had on the wire, where a capture has cut it. */
  originalLength?: number
  /** A UDP port to which VXLAN goes, beside its own. */
  vxlanPort?: number | undefined
}

/**
 * Every layer of a frame, from the outermost on. Never throws: what is cut or wrong is said in the
 * layer, by `fields.truncated` and `fields.problem`, and in its text.
 */
export function dissect(frame: Uint8Array, options: DissectOptions = {}): Layer[] {
  const { originalLength, vxlanPort } = options
  const octets = new Octets(frame, vxlanPort)
  const layers: Layer[] = []
  const behind: Place[] = []
  const end = Math.max(frame.length, originalLength ?? 0)
  let next: Next | undefined = { protocol: 'ethernet', offset: 0, end }
  while (next && layers.length < LAYERS_MAX) {
    const here: Next = next
    const { layer, next: inner }: Dissected = (dissectors[here.protocol] ?? payload)(octets, here)
    layers.push(layer)
    if (inner && inner.end < here.end) behind.push({ offset: inner.end, end: here.end })
    if (!inner) next = leftOver(octets, here, layer)
    else next = inner.offset < inner.end ? inner : followUp(inner)
  }
  if (next) layers.push(unread(octets, next))
  return [...layers, ...behind.reverse().flatMap((place) => padding(octets, place))]
}

/** A header that is announced and of which no octet is there is said too. */
function followUp(inner: Next): Next | undefined {
  const silent = ['payload', 'none', 'quoted-ipv4', 'quoted-ipv6']
  return silent.includes(inner.protocol) ? undefined : inner
}

/** What lies behind a header that nobody could read. */
function leftOver(octets: Octets, { end }: Place, { offset, length }: Layer): Next | undefined {
  const rest = { offset: offset + length, end }
  return octets.available(rest) > 0 ? { protocol: 'payload', ...rest } : undefined
}

function payload(octets: Octets, place: Place): Dissected {
  const { offset, end } = place
  const length = octets.available(place)
  const missing = end - offset - length
  const shown = octets.hex(offset, offset + Math.min(length, SHOWN))
  const cut = missing > 0 ? `, truncated: ${missing} more are not there` : ''
  const fields = {
    octets: shown,
    ...(missing > 0 && { truncated: `${missing} more are not there` }),
  }
  const text = `Payload, ${octetsText(length)}${cut}: ${shown}${length > SHOWN ? '…' : ''}`
  return { layer: { layer: 'payload', offset, length, fields, text } }
}

function unread(octets: Octets, place: Place): Layer {
  const { layer } = payload(octets, place)
  const problem = `more than ${LAYERS_MAX} headers`
  return { ...layer, fields: { ...layer.fields, problem }, text: `${problem}; ${layer.text}` }
}

function padding(octets: Octets, place: Place): Layer[] {
  const { offset } = place
  const length = octets.available(place)
  if (length === 0) return []
  const zero = octets.bytes.subarray(offset, offset + length).every((octet) => octet === 0)
  const fields = { zero }
  const text = `Padding, ${octetsText(length)}${zero ? '' : ', not all zero'}`
  return [{ layer: 'padding', offset, length, fields, text }]
}

/** The packet that an ICMP error is about: its beginning, and no more is expected. */
function quoted(dissector: Dissector): Dissector {
  return (octets, place) => {
    const { layer, next } = dissector(octets, place)
    const { problem, ...fields } = layer.fields
    // That the rest of the packet is not there is no problem of a quotation.
    const expected = typeof problem === 'string' && problem.startsWith('only ')
    const shown = expected ? fields : layer.fields
    const quotation = {
      ...layer,
      fields: { ...shown, quoted: true },
      text: `quoted: ${layer.text}`,
    }
    if (!next) return { layer: quotation }
    const network = next.network && { ...next.network, unchecked: 'a quotation' }
    return { layer: quotation, next: { ...next, ...(network && { network }) } }
  }
}
