/** IPv4 (RFC 791, RFC 2474, RFC 3168). */
import {
  CUT,
  type Dissected,
  FRAGMENT,
  hex,
  type Octets,
  octetsText,
  type Place,
  shortOf,
} from './layer.js'
import { byProtocol, protocolText } from './names.js'
import { verify } from './verify.js'

const optionNames: Readonly<Record<number, string>> = {
  7: 'record route',
  68: 'timestamp',
  130: 'security',
  131: 'loose source route',
  136: 'stream id',
  137: 'strict source route',
  148: 'router alert',
}

export function ipv4(octets: Octets, place: Place): Dissected {
  const short = shortOf(octets, place, 20, ['ipv4', 'IPv4'])
  if (short) return short
  const { offset } = place
  const version = octets.u8(offset) >>> 4
  const length = (octets.u8(offset) & 15) * 4
  const wrong =
    version !== 4
      ? `version ${version}, expected 4`
      : length < 20
        ? `a header of ${length} octets, expected at least 20`
        : undefined
  if (wrong !== undefined) {
    const fields = { version, headerLength: length, problem: wrong }
    return { layer: { layer: 'ipv4', offset, length: 20, fields, text: `IPv4, ${wrong}` } }
  }
  return shortOf(octets, place, length, ['ipv4', 'IPv4']) ?? whole(octets, place, length)
}

function whole(octets: Octets, place: Place, length: number): Dissected {
  const { offset } = place
  const total = octets.u16(offset + 2)
  const { end, problem } = endOf(place, total, length)
  const word = octets.u16(offset + 6)
  const fragmentOffset = (word & 0x1fff) * 8
  const flags = [...((word & 0x4000) === 0 ? [] : ['DF']), ...((word & 0x2000) === 0 ? [] : ['MF'])]
  const isFragment = fragmentOffset > 0 || flags.includes('MF')
  const protocol = octets.u8(offset + 9)
  const [source, destination] = [octets.address(offset + 12, 4), octets.address(offset + 16, 4)]
  const sum = verify(octets, { at: offset + 10, start: offset, end: offset + length })
  const options = optionsOf(octets, offset + 20, offset + length)
  const ttl = octets.u8(offset + 8)
  const fields = {
    version: 4,
    headerLength: length,
    dscp: octets.u8(offset + 1) >>> 2,
    ecn: octets.u8(offset + 1) & 3,
    totalLength: total,
    identification: octets.u16(offset + 4),
    flags,
    fragmentOffset,
    ttl,
    protocol,
    ...sum.fields,
    source,
    destination,
    options,
    ...(problem !== undefined && { problem }),
  }
  const words = [
    `IPv4 ${source} > ${destination}`,
    `protocol ${protocolText(protocol)}`,
    `TTL ${ttl}`,
    `length ${total}${problem === undefined ? '' : `: ${problem}`}`,
    ...(isFragment
      ? [
          `fragment at ${fragmentOffset} of id ${hex(fields.identification)}${flags.includes('MF') ? ', more follow' : ', the last'}`,
        ]
      : []),
    ...(options.length > 0 ? [`options: ${options.join(', ')}`] : []),
    `header ${sum.text}`,
  ]
  const addresses = octets.bytes.subarray(offset + 12, offset + 20)
  const unchecked = isFragment ? FRAGMENT : problem === undefined ? undefined : CUT
  const network = { version: 4 as const, addresses, ...(unchecked && { unchecked }) }
  const upper = fragmentOffset > 0 ? 'payload' : byProtocol(protocol, 4)
  return {
    layer: { layer: 'ipv4', offset, length, fields, text: words.join(', ') },
    next: { protocol: upper, offset: offset + length, end, network },
  }
}

/** Where the packet ends by its own word, as far as the layer around it allows. */
function endOf(
  { offset, end }: Place,
  total: number,
  length: number,
): { end: number; problem?: string } {
  const there = end - offset
  // What segmentation offloading leaves in captures of packets over 64 KiB.
  if (total === 0 && there > 0xffff) return { end }
  if (total < length) return { end, problem: `less than the header's ${length}` }
  if (total > there) return { end, problem: `only ${octetsText(there)} are there` }
  return { end: offset + total }
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
    const name = optionNames[kind] ?? `option ${kind}`
    if (length < 2 || at + length > end) return [...options, `${name} with a wrong length`]
    options.push(name)
    at += length
  }
  return options
}
