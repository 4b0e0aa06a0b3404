/** TCP (RFC 9293; RFC 7323 and RFC 2018 for options). */
import { type Dissected, type Octets, octetsText, type Place, shortOf } from './layer.js'
import { pseudoOf, verify } from './verify.js'

const flagNames = ['FIN', 'SYN', 'RST', 'PSH', 'ACK', 'URG', 'ECE', 'CWR', 'AE'] as const

export function tcp(octets: Octets, place: Place): Dissected {
  const short = shortOf(octets, place, 20, ['tcp', 'TCP'])
  if (short) return octets.available(place) < 4 ? short : withPorts(octets, short)
  const { offset, end, network } = place
  const length = (octets.u8(offset + 12) >>> 4) * 4
  const ports = { sourcePort: octets.u16(offset), destinationPort: octets.u16(offset + 2) }
  const title = `TCP ${ports.sourcePort} > ${ports.destinationPort}`
  if (length < 20) {
    const problem = `a header of ${length} octets, expected at least 20`
    const fields = { ...ports, headerLength: length, problem }
    return { layer: { layer: 'tcp', offset, length: 20, fields, text: `${title}, ${problem}` } }
  }
  const cut = shortOf(octets, place, length, ['tcp', title])
  if (cut) return cut
  const word = octets.u16(offset + 12)
  const flags = flagNames.filter((_, bit) => (word & (1 << bit)) !== 0)
  const covered = { at: offset + 16, start: offset, end }
  const sum = verify(octets, { ...covered, ...pseudoOf(network, 6, end - offset) })
  const options = optionsOf(octets, offset + 20, offset + length)
  const fields = {
    ...ports,
    sequence: octets.u32(offset + 4),
    acknowledgement: octets.u32(offset + 8),
    headerLength: length,
    flags,
    window: octets.u16(offset + 14),
    ...sum.fields,
    urgent: octets.u16(offset + 18),
    options,
    payloadLength: end - offset - length,
  }
  const words = [
    title,
    flags.length === 0 ? 'no flags' : flags.join(' '),
    `sequence ${fields.sequence}`,
    ...(flags.includes('ACK') ? [`acknowledgement ${fields.acknowledgement}`] : []),
    `window ${fields.window}`,
    ...(options.length > 0 ? [`options: ${options.join(', ')}`] : []),
    octetsText(fields.payloadLength),
    sum.text,
  ]
  return {
    layer: { layer: 'tcp', offset, length, fields, text: words.join(', ') },
    next: { protocol: 'payload', offset: offset + length, end },
  }
}

/** An ICMP error quotes 8 octets of the header at least (RFC 792): the ports are what one looks for. */
function withPorts(octets: Octets, { layer }: Dissected): Dissected {
  const { offset, fields, text } = layer
  const [sourcePort, destinationPort] = [octets.u16(offset), octets.u16(offset + 2)]
  const named = text.replace('TCP', `TCP ${sourcePort} > ${destinationPort}`)
  return { layer: { ...layer, fields: { sourcePort, destinationPort, ...fields }, text: named } }
}

function optionsOf(octets: Octets, start: number, end: number): string[] {
  const options: string[] = []
  for (let at = start; at < end; ) {
    const kind = octets.u8(at)
    if (kind === 0) break
    if (kind === 1) {
      options.push('nop')
      at++
      continue
    }
    const length = at + 1 < end ? octets.u8(at + 1) : 0
    if (length < 2 || at + length > end) return [...options, `option ${kind} with a wrong length`]
    options.push(optionText(octets, at, kind, length))
    at += length
  }
  return options
}

function optionText(octets: Octets, at: number, kind: number, length: number): string {
  if (kind === 2 && length === 4) return `MSS ${octets.u16(at + 2)}`
  if (kind === 3 && length === 3) return `window scale ${octets.u8(at + 2)}`
  if (kind === 4) return 'SACK permitted'
  if (kind === 5) {
    const blocks = Array.from({ length: Math.floor((length - 2) / 8) }, (_, index) => {
      const block = at + 2 + 8 * index
      return `${octets.u32(block)}-${octets.u32(block + 4)}`
    })
    return `SACK ${blocks.join(' ')}`
  }
  if (kind === 8 && length === 10) {
    return `timestamp ${octets.u32(at + 2)} echo ${octets.u32(at + 6)}`
  }
  return `option ${kind}`
}
