/**
 * A frame as one line, as `tcpdump -n` prints it. It stands on what dissect.ts makes of a frame; applications
 * (DNS, HTTP …) are octets to it. Never throws: what is cut or wrong is said.
 */
import { dissect } from '../dissect/dissect.js'
import type { Layer } from '../dissect/layer.js'
import { etherTypes } from '../dissect/names.js'
import { endOf, isBroken, numberOf, textOf } from './fields.js'
import { icmp6Text, icmpText } from './icmp.js'
import { Sequences, tcpText } from './tcp.js'

export interface LineOptions {
  /** MACs, EtherTypes and length first, as `tcpdump -e`. */
  ethernet?: boolean
}

/** One line of a frame that stands by itself: TCP's numbers are as in the frame, as of `tcpdump -S`. */
export function frameLine(frame: Uint8Array, options: LineOptions = {}): string {
  return linkText(dissect(frame), frame.length, { ...options })
}

/** The same of frames that follow each other: TCP's numbers count from the connection's first, if seen. */
export class FrameLines {
  readonly #sequences = new Sequences()

  constructor(private readonly options: LineOptions = {}) {}

  line(frame: Uint8Array): string {
    return linkText(dissect(frame), frame.length, { ...this.options, sequences: this.#sequences })
  }
}

interface Context extends LineOptions {
  sequences?: Sequences
}

/** @param layers from an Ethernet header on @param length of the frame, octets */
function linkText(layers: readonly Layer[], length: number, context: Context): string {
  const [ethernet] = layers
  if (ethernet === undefined || isBroken(ethernet)) return ethernet?.text ?? ''
  const tags = layers.slice(1, 1 + countTags(layers))
  const inner = layers.slice(1 + tags.length)
  const [network] = inner
  const isKnown = network !== undefined && Object.hasOwn(PREFIX, network.layer)
  const named = context.ethernet || !isKnown
  const head = named ? `${ethernetText(ethernet)}, length ${length}: ` : ''
  const tagged = tags.map((tag) => tagText(tag, named)).join('')
  if (!isKnown) return `${head}${tagged}${unknownText(inner)}`.replace(/:? $/, '')
  const prefix = context.ethernet ? '' : PREFIX[network.layer]
  const rest =
    network.layer === 'arp'
      ? arpText(network, length - (network.offset - ethernet.offset))
      : ipText(inner, context)
  return `${head}${tagged}${prefix}${rest}`
}

const PREFIX: Readonly<Record<string, string>> = { arp: 'ARP, ', ipv4: 'IP ', ipv6: 'IP6 ' }

function countTags(layers: readonly Layer[]): number {
  const at = layers.findIndex(({ layer }, index) => index > 0 && layer !== 'vlan')
  return (at < 0 ? layers.length : at) - 1
}

function ethernetText(layer: Layer): string {
  const ends = `${textOf(layer, 'source')} > ${textOf(layer, 'destination')}`
  return `${ends}, ${typeText(layer)}`
}

const QINQ = 0x88a8

/** 802.3 frames have a length in place of a type. */
function typeText({ fields: { etherType } }: Layer): string {
  if (typeof etherType !== 'string') return '802.3'
  const type = Number(etherType)
  const name = type === QINQ ? '802.1Q-QinQ' : (etherTypes.get(type) ?? 'Unknown')
  return `ethertype ${name} (${etherType})`
}

function tagText(tag: Layer, isNamed: boolean | undefined): string {
  const { dei } = tag.fields
  const text = `vlan ${numberOf(tag, 'vid')}, p ${numberOf(tag, 'priority')}${dei ? ', DEI' : ''}, `
  return isNamed ? `${text}${typeText(tag)}, ` : text
}

/** What nobody here reads is told in the words of a trace, without its octets. */
function unknownText(layers: readonly Layer[]): string {
  return layers
    .filter(({ layer }) => layer !== 'payload' && layer !== 'padding')
    .map(({ text }) => text)
    .join('; ')
}

const NO_MAC = '00:00:00:00:00:00'

/** @param length of what is behind the Ethernet header, padding too */
function arpText(arp: Layer, length: number): string {
  if (isBroken(arp)) return `${arp.text.replace(/^ARP /, '')}, length ${length}`
  const [sender, target] = [textOf(arp, 'senderAddress'), textOf(arp, 'targetAddress')]
  const [senderMac, targetMac] = [textOf(arp, 'senderMac'), textOf(arp, 'targetMac')]
  const operation = numberOf(arp, 'operation')
  const known = targetMac === NO_MAC ? '' : ` (${targetMac})`
  if (operation === 1) return `Request who-has ${target}${known} tell ${sender}, length ${length}`
  if (operation === 2) return `Reply ${sender} is-at ${senderMac}, length ${length}`
  return `${arp.text.replace(/^ARP /, '')}, length ${length}`
}

/** @param layers from an IP header on */
function ipText(layers: readonly Layer[], context: Context): string {
  const [ip, upper] = layers
  if (ip === undefined) return ''
  const [source, destination] = [textOf(ip, 'source'), textOf(ip, 'destination')]
  // Of a header that is none nothing is known.
  if (source === '') return ip.text
  const there = layers.reduce((most, { offset, length }) => Math.max(most, offset + length), 0)
  const missing = isBroken(ip) ? endOf(ip) - there : 0
  const cut = missing > 0 ? `truncated-ip - ${missing} bytes missing! ` : ''
  const hasPorts = (upper?.layer === 'tcp' || upper?.layer === 'udp') && hasOwnPorts(upper)
  const ends = hasPorts
    ? `${source}.${numberOf(upper, 'sourcePort')} > ${destination}.${numberOf(upper, 'destinationPort')}`
    : `${source} > ${destination}`
  return `${cut}${ends}: ${upperText(layers, 1, context)}`
}

const hasOwnPorts = ({ fields }: Layer): boolean => fields.sourcePort !== undefined

/** What is at `at` behind the IP header that the layers begin with. */
function upperText(layers: readonly Layer[], at: number, context: Context): string {
  const [ip] = layers as [Layer]
  const layer = layers[at]
  const length = endOf(ip) - (layer?.offset ?? endOf(ip))
  const rest = layers.slice(at + 1)
  switch (layer?.layer) {
    case 'tcp': {
      const ends = [textOf(ip, 'source'), textOf(ip, 'destination')] as const
      return `${portsText(layer, at)}${tcpText(layer, context.sequences?.of(layer, ends) ?? [0, 0])}`
    }
    case 'udp':
      return `${portsText(layer, at)}${udpText(layer, rest, context)}`
    case 'icmp':
      return isBroken(layer) ? layer.text : icmpText(layer, rest, length)
    case 'icmpv6':
      return isBroken(layer) ? layer.text : icmp6Text(layer, rest, length)
    case 'ipv4':
    case 'ipv6':
      return `${context.ethernet ? '' : PREFIX[layer.layer]}${ipText(layers.slice(at), context)}`
    case 'fragment': {
      const offset = numberOf(layer, 'fragmentOffset')
      const text = `frag (${offset}|${length - 8})`
      return offset > 0 ? text : `${text} ${upperText(layers, at + 1, context)}`
    }
    case 'hop-by-hop':
      return `HBH ${upperText(layers, at + 1, context)}`
    case 'destination-options':
      return `DSTOPT ${upperText(layers, at + 1, context)}`
    case 'routing':
    case 'authentication':
      return `${layer.text}; ${upperText(layers, at + 1, context)}`
    default:
      return protocolText(layers, at, length)
  }
}

/** Behind extension headers ports do not stand by the addresses. */
function portsText(upper: Layer, at: number): string {
  if (at === 1) return ''
  return `${numberOf(upper, 'sourcePort')} > ${numberOf(upper, 'destinationPort')}: `
}

function udpText(udp: Layer, rest: readonly Layer[], context: Context): string {
  const length = numberOf(udp, 'length') - 8
  const [inner, ethernet, ...others] = rest
  if (inner?.layer === 'vxlan' && ethernet?.layer === 'ethernet') {
    const flags = textOf(inner, 'flags')
    const letter = (Number(flags) & 8) === 0 ? '.' : 'I'
    const header = `VXLAN, flags [${letter}] (${flags}), vni ${numberOf(inner, 'vni')}`
    const frame = udp.offset + 8 + length - ethernet.offset
    return `${header}: ${linkText([ethernet, ...others], frame, context)}`
  }
  if (length < 0 || isBroken(udp)) return udp.text
  return `UDP, length ${length}`
}

/** Protocols that nobody here reads, and what of a packet is no beginning. */
function protocolText(layers: readonly Layer[], at: number, length: number): string {
  const [ip] = layers as [Layer]
  const before = layers[at - 1] as Layer
  const protocol = numberOf(
    before,
    before === ip && ip.layer === 'ipv4' ? 'protocol' : 'nextHeader',
  )
  if (ip.layer === 'ipv6' && protocol === 59) return 'no next header'
  const isLater = ip.layer === 'ipv4' && numberOf(ip, 'fragmentOffset') > 0
  return isLater ? `ip-proto-${protocol}` : `ip-proto-${protocol} ${length}`
}
