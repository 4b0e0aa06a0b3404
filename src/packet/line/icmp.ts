/** ICMP and ICMPv6 as tcpdump prints them: errors with what they are about. */
import type { Layer } from '../dissect/layer.js'
import { numberOf, textOf } from './fields.js'

/** %: the destination of the packet that it is about. */
const UNREACHABLE: readonly string[] = [
  ...['net % unreachable', 'host % unreachable', '', '', ''],
  ...['% unreachable - source route failed', 'net % unreachable - unknown'],
  ...['host % unreachable - unknown', '% unreachable - source host isolated'],
  ...['net % unreachable - admin prohibited', 'host % unreachable - admin prohibited'],
  ...['net % unreachable - tos prohibited', 'host % unreachable - tos prohibited'],
  'host % unreachable - admin prohibited filter',
  ...['host % unreachable - host precedence violation', 'host % unreachable - precedence cutoff'],
]

const REDIRECT: readonly string[] = [
  ...['redirect % to net ', 'redirect % to host ', 'redirect-tos % to net '],
  'redirect-tos % to host ',
]

const NAMES: Readonly<Record<number, string>> = {
  4: 'source quench',
  9: 'router advertisement',
  10: 'router solicitation',
  13: 'time stamp query',
  14: 'time stamp reply',
  17: 'address mask request',
  18: 'address mask reply',
}

/** @param inner the layers behind it, of which those of an error are the packet that it is about */
export function icmpText(icmp: Layer, inner: readonly Layer[], length: number): string {
  return `ICMP ${messageText(icmp, inner)}, length ${length}`
}

function messageText(icmp: Layer, inner: readonly Layer[]): string {
  const [type, code] = [numberOf(icmp, 'type'), numberOf(icmp, 'code')]
  const [ip] = inner
  const about = ip?.layer === 'ipv4' ? textOf(ip, 'destination') : ''
  switch (type) {
    case 0:
    case 8:
      return `echo ${type === 8 ? 'request' : 'reply'}, ${sequenceText(icmp)}`
    case 3:
      return unreachableText(icmp, code, about, inner)
    case 5: {
      const words = REDIRECT[code] ?? `redirect-#${code} % to net `
      return `${words.replace('%', about)}${textOf(icmp, 'gateway')}`
    }
    case 11:
      if (code > 1) return `time exceeded-#${code}`
      return code === 0 ? 'time exceeded in-transit' : 'ip reassembly time exceeded'
    case 12:
      return `parameter problem - ${code === 0 ? `octet ${numberOf(icmp, 'pointer')}` : `code ${code}`}`
    default:
      return NAMES[type] ?? `type-#${type}`
  }
}

const sequenceText = (echo: Layer): string =>
  `id ${numberOf(echo, 'identifier')}, seq ${numberOf(echo, 'sequence')}`

function unreachableText(
  icmp: Layer,
  code: number,
  about: string,
  inner: readonly Layer[],
): string {
  const [ip] = inner
  const protocol = ip === undefined ? 0 : numberOf(ip, 'protocol')
  if (code === 2) return `${about} protocol ${protocol} unreachable`
  if (code === 3) return `${about} ${portText(inner, protocol)} unreachable`
  if (code !== 4) return (UNREACHABLE[code] ?? `#${code} % unreachable`).replace('%', about)
  const mtu = numberOf(icmp, 'mtu')
  return `${about} unreachable - need to frag${mtu === 0 ? '' : ` (mtu ${mtu})`}`
}

/** `udp port 53` of the packet that an error is about. */
function portText(inner: readonly Layer[], protocol: number): string {
  const upper = inner.find(({ layer }) => layer === 'tcp' || layer === 'udp')
  if (upper === undefined) return `protocol ${protocol} port 0`
  return `${upper.layer} port ${numberOf(upper, 'destinationPort')}`
}

const NAMES6: Readonly<Record<number, string>> = {
  1: 'destination unreachable',
  2: 'packet too big',
  3: 'time exceeded in-transit',
  4: 'parameter problem',
  128: 'echo request',
  129: 'echo reply',
  130: 'multicast listener query',
  131: 'multicast listener report',
  132: 'multicast listener done',
  133: 'router solicitation',
  134: 'router advertisement',
  135: 'neighbor solicitation',
  136: 'neighbor advertisement',
  137: 'redirect',
  143: 'multicast listener report v2',
}

export function icmp6Text(icmp: Layer, inner: readonly Layer[], length: number): string {
  const type = numberOf(icmp, 'type')
  const name = NAMES6[type] ?? `type-#${type}`
  return `ICMP6, ${name}${detail6(icmp, inner, type)}, length ${length}`
}

function detail6(icmp: Layer, inner: readonly Layer[], type: number): string {
  const code = numberOf(icmp, 'code')
  switch (type) {
    case 1:
      return unreachable6(code, inner)
    case 2:
      return `, mtu ${numberOf(icmp, 'mtu')}`
    case 3:
      if (code > 1) return `, unknown code (${code})`
      return code === 1 ? ' (reassembly)' : ` for ${about6(inner)}`
    case 4: {
      const what = ['erroneous', 'next header', 'option'][code] ?? `code-#${code}`
      return `, ${what} - octet ${numberOf(icmp, 'pointer')}`
    }
    case 128:
    case 129:
      return `, ${sequenceText(icmp)}`
    case 135:
      return `, who has ${textOf(icmp, 'target')}`
    case 136:
      return `, tgt is ${textOf(icmp, 'target')}`
    default:
      return ''
  }
}

const about6 = ([ip]: readonly Layer[]): string =>
  ip?.layer === 'ipv6' ? textOf(ip, 'destination') : ''

function unreachable6(code: number, inner: readonly Layer[]): string {
  const [ip] = inner
  const about = about6(inner)
  if (code === 0) return `, unreachable route ${about}`
  if (code === 1) return `, unreachable prohibited ${about}`
  if (code === 2) return `, beyond scope ${about}, source address ${ip ? textOf(ip, 'source') : ''}`
  if (code === 3) return `, unreachable address ${about}`
  if (code !== 4) return `, unknown unreach code (${code})`
  return `, unreachable port, ${about} ${portText(inner, ip ? numberOf(ip, 'nextHeader') : 0)}`
}
