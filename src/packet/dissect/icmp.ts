/** ICMP (RFC 792, RFC 1191, RFC 1812). Errors quote the packet that they are about. */
import { type Dissected, type Octets, type Place, shortOf } from './layer.js'
import { verify } from './verify.js'

const types: Readonly<Record<number, string>> = {
  0: 'echo reply',
  3: 'destination unreachable',
  4: 'source quench',
  5: 'redirect',
  8: 'echo request',
  9: 'router advertisement',
  10: 'router solicitation',
  11: 'time exceeded',
  12: 'parameter problem',
  13: 'timestamp request',
  14: 'timestamp reply',
  17: 'address mask request',
  18: 'address mask reply',
  42: 'extended echo request',
  43: 'extended echo reply',
}

const codes: Readonly<Record<number, readonly string[]>> = {
  3: [
    ...['network', 'host', 'protocol', 'port', 'fragmentation needed', 'source route failed'],
    ...['network unknown', 'host unknown', 'source host isolated'],
    ...['network prohibited', 'host prohibited', 'network for this service'],
    ...['host for this service', 'administratively prohibited', 'precedence violation'],
    'precedence cut off',
  ],
  5: ['for the network', 'for the host', 'for service and network', 'for service and host'],
  11: ['in transit', 'in reassembly'],
  12: ['at the pointer', 'a required option is missing', 'bad length'],
}

/** Types with an identifier and a sequence number. */
const QUERIES = [0, 8, 13, 14, 17, 18]
const ERRORS = [3, 4, 5, 11, 12]

export function icmp(octets: Octets, place: Place): Dissected {
  const short = shortOf(octets, place, 8, ['icmp', 'ICMP'])
  if (short) return short
  const { offset, end, network } = place
  const [type, code] = [octets.u8(offset), octets.u8(offset + 1)]
  const unchecked = network?.unchecked
  const sum = verify(octets, { at: offset + 2, start: offset, end, unchecked })
  const rest = restOf(octets, offset, type, code)
  const name = types[type] ?? `type ${type}`
  const codeName = codes[type]?.[code]
  const said = codeName === undefined ? (code === 0 ? '' : `, code ${code}`) : `: ${codeName}`
  const isError = ERRORS.includes(type)
  return {
    layer: {
      layer: 'icmp',
      offset,
      length: 8,
      fields: { type, code, ...sum.fields, ...rest.fields },
      text: `ICMP ${name}${said}${rest.text}, ${sum.text}`,
    },
    next: { protocol: isError ? 'quoted-ipv4' : 'payload', offset: offset + 8, end },
  }
}

function restOf(
  octets: Octets,
  offset: number,
  type: number,
  code: number,
): { fields: Record<string, number | string>; text: string } {
  if (QUERIES.includes(type)) {
    const [identifier, sequence] = [octets.u16(offset + 4), octets.u16(offset + 6)]
    return { fields: { identifier, sequence }, text: `, id ${identifier}, sequence ${sequence}` }
  }
  if (type === 3 && code === 4) {
    const mtu = octets.u16(offset + 6)
    return { fields: { mtu }, text: `, MTU ${mtu}` }
  }
  if (type === 5) {
    const gateway = octets.address(offset + 4, 4)
    return { fields: { gateway }, text: `, to ${gateway}` }
  }
  if (type === 12) {
    const pointer = octets.u8(offset + 4)
    return { fields: { pointer }, text: `, octet ${pointer}` }
  }
  return { fields: {}, text: '' }
}
