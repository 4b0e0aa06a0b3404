/**
 * Packets in words in which what may differ between two translators does not show: the external port
 * is named after the session, a checksum is the sum that it should make, of identifications only those
 * of atomic packets stand, and the fragments of a datagram are told as the datagram and their cuts.
 */
import { fold, internetSum, pseudoHeaderSum } from '../checksum.js'
import { join } from '../frames.js'
import { EXTERNAL, GATEWAY } from './places.js'

const [ICMP, TCP, UDP] = [1, 6, 17]

/** Names the external port of a packet by its protocol, the far endpoint, and who sent it. */
export type NamePort = (given: {
  protocol: number
  far: string
  port: number
  leaves: boolean
}) => string

interface Part {
  source: string
  destination: string
  protocol: number
  transport: Uint8Array
  /** False where the packet is quoted and cut off. */
  whole: boolean
  quoted: boolean
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
const word = (bytes: Uint8Array, at: number) =>
  ((bytes[at] as number) << 8) | (bytes[at + 1] as number)
const isQuoting = (type: number) => [3, 4, 5, 11, 12].includes(type)

/** All packets of an end, oldest first; a datagram stands where its last fragment does. */
export function tellAll(packets: readonly Uint8Array[], name: NamePort): string[] {
  const told: string[] = []
  const parts = new Map<string, Uint8Array[]>()
  for (const packet of packets) {
    if ((word(packet, 6) & 0x3fff) === 0) {
      told.push(tellPacket(packet, name))
      continue
    }
    const key = hex(join(packet.subarray(4, 6), packet.subarray(9, 10), packet.subarray(12, 20)))
    const own = [...(parts.get(key) ?? []), packet]
    parts.set(key, own)
    const whole = reassemble(own)
    if (whole === undefined) continue
    parts.delete(key)
    told.push(`${tellPacket(whole, name)} ${cutsOf(own)}`)
  }
  for (const own of parts.values()) {
    told.push(...own.map((part) => `fragment of none: ${hex(part.subarray(6, 20))}`))
  }
  return told
}

const headerOf = (packet: Uint8Array) => ((packet[0] as number) & 15) * 4
const offsetOf = (packet: Uint8Array) => (word(packet, 6) & 0x1fff) * 8

function inOrder(parts: readonly Uint8Array[]): Uint8Array[] {
  return [...parts].sort((a, b) => offsetOf(a) - offsetOf(b))
}

function cutsOf(parts: readonly Uint8Array[]): string {
  return `cut ${inOrder(parts).map((part) => `${offsetOf(part)}+${part.length - headerOf(part)}`)}`
}

/** The datagram, if it is all there, with the header of its first fragment. */
function reassemble(parts: readonly Uint8Array[]): Uint8Array | undefined {
  const sorted = inOrder(parts)
  let end = 0
  for (const part of sorted) {
    if (offsetOf(part) !== end) return undefined
    end += part.length - headerOf(part)
  }
  const [first, last] = [sorted[0] as Uint8Array, sorted.at(-1) as Uint8Array]
  if ((word(last, 6) & 0x2000) !== 0) return undefined
  return join(
    first.subarray(0, headerOf(first)),
    ...sorted.map((part) => part.subarray(headerOf(part))),
  )
}

export function tellPacket(packet: Uint8Array, name: NamePort, quoted = false): string {
  const header = headerOf(packet)
  const total = word(packet, 2)
  const address = (at: number) => packet.subarray(at, at + 4).join('.')
  const [source, destination] = [address(12), address(16)]
  const protocol = packet[9] as number
  const flags = word(packet, 6)
  const fragment = (flags & 0x3fff) !== 0
  // Atomic packets keep their identification; what the router says itself has any, and DF or not.
  const router = source === EXTERNAL || source === GATEWAY
  const own = router && protocol === ICMP && packet[header] !== 8
  const atomic = (flags & 0x4000) !== 0 && !own
  const id = atomic ? ` id ${word(packet, 4)} df` : ''
  // Linkspan's errors are not of an ECN-capable transport (docs/conformance.md).
  const tos = (packet[1] as number) & (own ? 0xfd : 0xff)
  const sum = internetSum(packet, 0, header) === 0xffff ? '' : ' BAD HEADER SUM'
  const transport = packet.subarray(header)
  const whole = !fragment && transport.length === total - header
  const options = header > 20 ? ` options ${hex(packet.subarray(20, header))}` : ''
  const head = `${source} > ${destination} tos ${tos} ttl ${packet[8]}${id}${options}${sum}`
  const part = { source, destination, protocol, transport, whole, quoted }
  return `${head} ${quoted ? total : total - header} octets ${tellTransport(part, name)}`
}

function tellTransport(part: Part, name: NamePort): string {
  const { protocol, transport } = part
  if (protocol === TCP || protocol === UDP) return tellPorts(part, name)
  if (protocol !== ICMP) return `protocol ${protocol} ${hex(transport)}`
  const [type, code] = transport
  const sum = sumOf(part)
  if (isQuoting(type as number)) {
    const inner = transport.subarray(8)
    const rest = hex(transport.subarray(4, 8))
    return `icmp ${type}/${code} ${rest} ${sum} about (${tellPacket(inner, name, true)})`
  }
  const identifier = name4(part, name, word(transport, 4), 0)
  return `icmp ${type}/${code} ${identifier} ${sum} ${hex(transport.subarray(6))}`
}

function tellPorts(part: Part, name: NamePort): string {
  const { protocol, transport } = part
  const [from, to] = [word(transport, 0), word(transport, 2)]
  const ports = `${name4(part, name, from, to)} > ${name4(part, name, to, from, true)}`
  // What a quoting packet leaves of it has no checksum to speak of.
  const field = protocol === TCP ? 16 : 6
  const rest = transport.slice(4)
  if (transport.length >= field + 2) rest.set([0, 0], field - 4)
  return `${protocol === TCP ? 'tcp' : 'udp'} ${ports} ${sumOf(part)} ${hex(rest)}`
}

/** A port or identifier, by its name where it is that of the external address. */
function name4(part: Part, name: NamePort, port: number, other: number, to = false): string {
  const { source, destination, protocol } = part
  const [own, far] = to ? [destination, source] : [source, destination]
  const at = (address: string) => (protocol === ICMP ? address : `${address}:${other}`)
  if (own === EXTERNAL) {
    return name({ protocol, far: at(far), port, leaves: !to && !part.quoted })
  }
  // Of an echo both ends have the one identifier.
  if (protocol === ICMP && far === EXTERNAL) {
    return name({ protocol, far: source, port, leaves: false })
  }
  return String(port)
}

/**
 * What the checksum and all it covers sum up to: ffff where it is right. Of a part of a packet it is
 * some number that right translation does not change.
 */
function sumOf({ source, destination, protocol, transport }: Part): string {
  const field = { [ICMP]: 2, [TCP]: 16, [UDP]: 6 }[protocol] as number
  if (transport.length < field + 2) return 'sum cut off'
  if (protocol === UDP && word(transport, 6) === 0) return 'sum none'
  const addresses = Uint8Array.from(`${source}.${destination}`.split('.').map(Number))
  const pseudo = protocol === ICMP ? 0 : pseudoHeaderSum(addresses, protocol, transport.length)
  return `sum ${fold(pseudo + internetSum(transport)).toString(16)}`
}
