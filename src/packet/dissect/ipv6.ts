/** IPv6 and its extension headers (RFC 8200; RFC 4302 for the Authentication Header). */
import {
  CUT,
  type Dissected,
  FRAGMENT,
  hex,
  type Network,
  type Octets,
  octetsText,
  type Place,
  shortOf,
} from './layer.js'
import { byProtocol, protocolText } from './names.js'

export function ipv6(octets: Octets, place: Place): Dissected {
  const short = shortOf(octets, place, 40, ['ipv6', 'IPv6'])
  if (short) return short
  const { offset } = place
  const version = octets.u8(offset) >>> 4
  if (version !== 6) {
    const problem = `version ${version}, expected 6`
    const fields = { version, problem }
    return { layer: { layer: 'ipv6', offset, length: 40, fields, text: `IPv6, ${problem}` } }
  }
  const word = octets.u32(offset)
  const payloadLength = octets.u16(offset + 4)
  const nextHeader = octets.u8(offset + 6)
  const { end, problem } = endOf(place, payloadLength)
  const fields = {
    version,
    dscp: (word >>> 22) & 63,
    ecn: (word >>> 20) & 3,
    flowLabel: word & 0xfffff,
    payloadLength,
    nextHeader,
    hopLimit: octets.u8(offset + 7),
    source: octets.address(offset + 8, 16),
    destination: octets.address(offset + 24, 16),
    ...(problem !== undefined && { problem }),
  }
  const said = problem === undefined ? '' : `: ${problem}`
  const text = `IPv6 ${fields.source} > ${fields.destination}, next header ${protocolText(nextHeader)}, hop limit ${fields.hopLimit}, payload length ${payloadLength}${said}`
  const addresses = octets.bytes.subarray(offset + 8, offset + 40)
  const cut = problem === undefined ? {} : { unchecked: CUT }
  const network: Network = { version: 6, addresses, ...cut }
  return {
    layer: { layer: 'ipv6', offset, length: 40, fields, text },
    next: { protocol: byProtocol(nextHeader, 6), offset: offset + 40, end, network },
  }
}

function endOf({ offset, end }: Place, payload: number): { end: number; problem?: string } {
  const there = end - offset - 40
  // A jumbogram (RFC 2675), or what segmentation offloading leaves of packets over 64 KiB.
  if (payload === 0 && there > 0xffff) return { end }
  if (payload > there) return { end, problem: `only ${octetsText(there)} are there` }
  return { end: offset + 40 + payload }
}

/** Headers of `next header`, length in units of 8 octets less one, and options or data. */
function extension(layer: string, title: string) {
  return (octets: Octets, place: Place): Dissected => {
    const short = shortOf(octets, place, 8, [layer, title])
    if (short) return short
    const length = 8 * (octets.u8(place.offset + 1) + 1)
    return (
      shortOf(octets, place, length, [layer, title]) ??
      passed(octets, place, { layer, title, length, fields: {} })
    )
  }
}

export const hopByHop = extension('hop-by-hop', 'Hop-by-Hop Options')
export const destinationOptions = extension('destination-options', 'Destination Options')

export function routing(octets: Octets, place: Place): Dissected {
  const found = extension('routing', 'Routing')(octets, place)
  if (!found.next) return found
  const [type, segmentsLeft] = [octets.u8(place.offset + 2), octets.u8(place.offset + 3)]
  const { layer, next } = found
  Object.assign(layer.fields, { type, segmentsLeft })
  layer.text += `, type ${type}, ${segmentsLeft} segments left`
  // The checksum is over the final destination, which is in the list.
  if (segmentsLeft > 0 && next.network) {
    next.network = { ...next.network, unchecked: 'the final destination is in a routing header' }
  }
  return found
}

export function fragment(octets: Octets, place: Place): Dissected {
  const short = shortOf(octets, place, 8, ['fragment', 'Fragment'])
  if (short) return short
  const { offset } = place
  const word = octets.u16(offset + 2)
  const fragmentOffset = word & 0xfff8
  const more = (word & 1) === 1
  const identification = octets.u32(offset + 4)
  const fields = { fragmentOffset, more, identification }
  const title = `Fragment at ${fragmentOffset} of id ${hex(identification, 8)}${more ? ', more follow' : ', the last'}`
  const found = passed(octets, place, { layer: 'fragment', title, length: 8, fields })
  const { next } = found
  if (!next) return found
  if (next.network && (more || fragmentOffset > 0)) {
    next.network = { ...next.network, unchecked: FRAGMENT }
  }
  if (fragmentOffset > 0) next.protocol = 'payload'
  return found
}

/** Its length is in units of 4 octets less two. */
export function authentication(octets: Octets, place: Place): Dissected {
  const kind = ['authentication', 'Authentication Header'] as const
  const short = shortOf(octets, place, 12, kind)
  if (short) return short
  const length = 4 * (octets.u8(place.offset + 1) + 2)
  const fields = { spi: octets.u32(place.offset + 4), sequence: octets.u32(place.offset + 8) }
  const [layer, title] = kind
  return (
    shortOf(octets, place, length, kind) ?? passed(octets, place, { layer, title, length, fields })
  )
}

interface Extension {
  layer: string
  title: string
  length: number
  fields: Record<string, number | boolean>
}

function passed(
  octets: Octets,
  place: Place,
  { layer, title, length, fields }: Extension,
): Dissected {
  const { offset, end, network } = place
  const nextHeader = octets.u8(offset)
  return {
    layer: {
      layer,
      offset,
      length,
      fields: { nextHeader, ...fields },
      text: `${title}, ${octetsText(length)}, next header ${protocolText(nextHeader)}`,
    },
    next: {
      protocol: byProtocol(nextHeader, 6),
      offset: offset + length,
      end,
      ...(network && { network }),
    },
  }
}
