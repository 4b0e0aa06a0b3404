/** ICMPv6 (RFC 4443), Neighbour Discovery (RFC 4861, RFC 8106) and MLD (RFC 2710, RFC 3810). */
import { type Dissected, type FieldValue, type Octets, type Place, shortOf } from './layer.js'
import { pseudoOf, verify } from './verify.js'

interface Kind {
  name: string
  codes?: readonly string[]
  /** Octets that it has at least, 8 if left out. */
  least?: number
  /** Octets before the ND options; left out: it has none. */
  options?: number
  read?: (octets: Octets, offset: number) => { fields: Record<string, FieldValue>; text: string }
  /** What follows the first 8 octets is the packet that it is about. */
  quotes?: boolean
}

const echo: Kind['read'] = (octets, offset) => {
  const [identifier, sequence] = [octets.u16(offset + 4), octets.u16(offset + 6)]
  return { fields: { identifier, sequence }, text: `, id ${identifier}, sequence ${sequence}` }
}

const target = (octets: Octets, offset: number) => {
  const address = octets.address(offset + 8, 16)
  return { fields: { target: address }, text: ` ${address}` }
}

const flagsOf = (octet: number, names: readonly [bit: number, name: string][]): string[] =>
  names.filter(([bit]) => (octet & bit) !== 0).map(([, name]) => name)

const advertisement: Kind['read'] = (octets, offset) => {
  const names: [number, string][] = [
    [0x80, 'router'],
    [0x40, 'solicited'],
    [0x20, 'override'],
  ]
  const flags = flagsOf(octets.u8(offset + 4), names)
  const { fields, text } = target(octets, offset)
  return {
    fields: { ...fields, flags },
    text: `${text}${flags.map((flag) => `, ${flag}`).join('')}`,
  }
}

const router: Kind['read'] = (octets, offset) => {
  const names: [number, string][] = [
    [0x80, 'managed'],
    [0x40, 'other config'],
  ]
  const flags = flagsOf(octets.u8(offset + 5), names)
  const fields = { hopLimit: octets.u8(offset + 4), flags, lifetime: octets.u16(offset + 6) }
  return {
    fields,
    text: `, lifetime ${fields.lifetime} s${flags.map((flag) => `, ${flag}`).join('')}`,
  }
}

const kinds: Readonly<Record<number, Kind>> = {
  1: {
    name: 'destination unreachable',
    codes: [
      ...['no route', 'administratively prohibited', 'beyond the scope of the source', 'address'],
      ...['port', 'source address failed policy', 'route rejected'],
    ],
    quotes: true,
  },
  2: {
    name: 'packet too big',
    read: (octets, offset) => {
      const mtu = octets.u32(offset + 4)
      return { fields: { mtu }, text: `, MTU ${mtu}` }
    },
    quotes: true,
  },
  3: { name: 'time exceeded', codes: ['in transit', 'in reassembly'], quotes: true },
  4: {
    name: 'parameter problem',
    codes: ['header field', 'unknown next header', 'unknown option'],
    read: (octets, offset) => {
      const pointer = octets.u32(offset + 4)
      return { fields: { pointer }, text: `, octet ${pointer}` }
    },
    quotes: true,
  },
  128: { name: 'echo request', read: echo },
  129: { name: 'echo reply', read: echo },
  130: { name: 'multicast listener query', least: 24, read: target },
  131: { name: 'multicast listener report', least: 24, read: target },
  132: { name: 'multicast listener done', least: 24, read: target },
  133: { name: 'router solicitation', options: 8 },
  134: { name: 'router advertisement', least: 16, options: 16, read: router },
  135: { name: 'neighbour solicitation of', least: 24, options: 24, read: target },
  136: { name: 'neighbour advertisement of', least: 24, options: 24, read: advertisement },
  137: { name: 'redirect of', least: 40, options: 40, read: target },
  143: { name: 'multicast listener report (v2)' },
}

export function icmpv6(octets: Octets, place: Place): Dissected {
  const titled = ['icmpv6', 'ICMPv6'] as const
  const short = shortOf(octets, place, 8, titled)
  if (short) return short
  const { offset, end, network } = place
  const [type, code] = [octets.u8(offset), octets.u8(offset + 1)]
  const kind: Kind = kinds[type] ?? { name: `type ${type}` }
  const cut = shortOf(octets, place, kind.least ?? 8, ['icmpv6', `ICMPv6 ${kind.name}`])
  if (cut) return cut
  const covered = { at: offset + 2, start: offset, end }
  const sum = verify(octets, { ...covered, ...pseudoOf(network, 58, end - offset) })
  const rest = kind.read?.(octets, offset) ?? { fields: {}, text: '' }
  const codeName = kind.codes?.[code]
  const said = codeName === undefined ? (code === 0 ? '' : `, code ${code}`) : `: ${codeName}`
  const options = kind.options === undefined ? [] : optionsOf(octets, place, kind.options)
  const stop = kind.options === undefined ? offset + (kind.least ?? 8) : end
  return {
    layer: {
      layer: 'icmpv6',
      offset,
      length: Math.min(stop, octets.bytes.length) - offset,
      fields: {
        ...{ type, code },
        ...sum.fields,
        ...rest.fields,
        ...(kind.options !== undefined && { options }),
      },
      text: `ICMPv6 ${kind.name}${said}${rest.text}${options.map((option) => `, ${option}`).join('')}, ${sum.text}`,
    },
    next: { protocol: kind.quotes ? 'quoted-ipv6' : 'payload', offset: stop, end },
  }
}

/** Options of Neighbour Discovery (RFC 4861 4.6): type, length in units of 8 octets. */
function optionsOf(octets: Octets, place: Place, fixed: number): string[] {
  const end = Math.min(place.end, octets.bytes.length)
  const options: string[] = []
  for (let at = place.offset + fixed; at < end; ) {
    const length = at + 2 <= end ? 8 * octets.u8(at + 1) : 0
    const type = octets.u8(at)
    if (length === 0 || at + length > end) return [...options, `option ${type} with a wrong length`]
    options.push(optionText(octets, at, type, length))
    at += length
  }
  return options
}

function optionText(octets: Octets, at: number, type: number, length: number): string {
  if (type === 1) return `source link-layer address ${octets.mac(at + 2)}`
  if (type === 2) return `target link-layer address ${octets.mac(at + 2)}`
  if (type === 3 && length === 32) {
    return `prefix ${octets.address(at + 16, 16)}/${octets.u8(at + 2)}`
  }
  if (type === 4) return 'redirected header'
  if (type === 5) return `MTU ${octets.u32(at + 4)}`
  if (type === 14) return 'nonce'
  if (type === 25) return 'DNS servers'
  if (type === 31) return 'DNS search list'
  return `option ${type}`
}
