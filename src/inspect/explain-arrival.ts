/** What came out of a datagram of the underlay, in words, or why nothing did. */
import { hasReserved } from '../packet/datagram.js'
import { dissect } from '../packet/dissect/dissect.js'
import type { Arrival } from './datagram.js'
import { endText } from './explain-route.js'
import type { Reason } from './stages.js'
import type { Traced } from './way.js'

/** RFC 3168 section 5. */
const ECN = ['not-ECT', 'ECT(1)', 'ECT(0)', 'CE'] as const
export const ecnText = (codepoint: number): string => ECN[codepoint] ?? String(codepoint)

/** Nothing where the frame came in no datagram, or in what is none. */
export function arrivalTexts(traced: Traced): string[] {
  const { arrival, datagram } = traced
  if (!arrival || !datagram) return []
  const { source, sourcePort, destination, destinationPort, ttl, dscp, ecn, checksum } = datagram
  const ends = `${endText(source, sourcePort)} > ${endText(destination, destinationPort)}`
  const sum = checksum === 'absent' ? 'no checksum' : `checksum ${checksum}`
  const headers = `${ends}, TTL ${ttl}, DSCP ${dscp}, ECN ${ecnText(ecn)}, ${sum}`
  return [`${headers}${socketText(arrival)}`, ...innerTexts(traced)]
}

/** What a socket of the kernel would not have handed over. */
function socketText({ read, end }: Arrival): string {
  if (!read || !end) return ''
  const { destination, destinationPort, checksum } = read
  if (destination !== end.address || destinationPort !== end.port) {
    return `; not for ${endText(end.address, end.port)}: its socket would not get it`
  }
  return checksum === 'wrong' ? '; the kernel would drop it' : ''
}

function innerTexts({ arrival, datagram, topology }: Traced): string[] {
  if (!arrival || !datagram || datagram.tunnel === null) return []
  const { tunnel, vni, inner, innerEcn, ecn, partial, segmentSize } = datagram
  const peer = topology.port(tunnel).tunnel?.remote
  const reserved = arrival.read && hasReserved(arrival.read.header) ? ', reserved bits ignored' : ''
  const texts = [`VNI ${vni} from peer ${peer}: ${inner} octets out of ${tunnel}${reserved}`]
  if (innerEcn && (ecn !== 0 || innerEcn.before !== 0)) {
    const { before, after } = innerEcn
    const inside = `${ecnText(before)} inside: goes on as ${ecnText(after)}`
    texts.push(`ECN ${ecnText(ecn)} outside, ${inside}`)
  }
  const cut = segmentSize === null ? '' : `, and it is cut into segments of ${segmentSize} octets`
  if (partial) texts.push(`its partial checksum, which the peer left undone, is completed${cut}`)
  return texts
}

/** What is added to the reason for which nothing came out. */
export function refusalText({ arrival, datagram }: Traced, reason: Reason): string {
  if (!arrival) return ''
  switch (reason) {
    case 'outer-header':
      return `: ${outerText(arrival)}`
    case 'vxlan-header':
      return `: ${headerText(arrival, datagram?.tunnel ?? null)}`
    case 'vni-unknown':
      return `: VNI ${arrival.vni}`
    case 'vtep-unlisted':
      return `: ${peersText(arrival)}`
    default:
      return ''
  }
}

/** The first header that is something else than that of a whole UDP datagram. */
function outerText({ frame }: Arrival): string {
  const [, ip, udp] = dissect(frame)
  const known = [ip, ...(udp?.layer === 'udp' ? [udp] : [])]
  const wrong = known.find((layer) => layer?.fields.problem ?? layer?.fields.truncated)
  if (wrong) return wrong.text
  if (ip?.layer !== 'ipv4' && ip?.layer !== 'ipv6') return 'no IP packet'
  const { flags, fragmentOffset, checksumState } = ip.fields
  if (checksumState === 'wrong') return ip.text
  const isPart = (Array.isArray(flags) && flags.includes('MF')) || Number(fragmentOffset ?? 0) > 0
  if (isPart || udp?.layer === 'fragment') return 'a fragment; a socket gets datagrams whole'
  return 'no UDP right behind the IP header'
}

function headerText({ read }: Arrival, tunnel: string | null): string {
  const octets = read?.header.length ?? 0
  if (octets < 8) return `${octets} of its 8 octets are there`
  return tunnel === null
    ? 'the I flag is not set'
    : `reserved bits are set, and ${tunnel} is strict`
}

function peersText({ read, vni, tunnels }: Arrival): string {
  const bridge = tunnels[0]?.[1].bridge
  const peers = listText(tunnels.map(([, { tunnel }]) => tunnel.remote))
  return `${read?.source} is none of ${peers}, the peers of bridge ${bridge}, VNI ${vni}`
}

/** Some of many, and how many more. */
export function listText(all: readonly string[], most = 8): string {
  const more = all.length - most
  return more > 0 ? `${all.slice(0, most).join(', ')} and ${more} more` : all.join(', ')
}
