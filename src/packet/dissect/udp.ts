/** UDP (RFC 768, RFC 8200 8.1, RFC 6935) and VXLAN in it (RFC 7348). */
import {
  type Dissected,
  FRAGMENT,
  hex,
  type Octets,
  octetsText,
  type Place,
  shortOf,
} from './layer.js'
import { absent, pseudoOf, type Verified, verify } from './verify.js'

const VXLAN_PORT = 4789

export function udp(octets: Octets, place: Place): Dissected {
  const short = shortOf(octets, place, 8, ['udp', 'UDP'])
  if (short) return short
  const { offset, network } = place
  const [sourcePort, destinationPort] = [octets.u16(offset), octets.u16(offset + 2)]
  const stated = octets.u16(offset + 4)
  const { end, problem } = endOf(place, stated)
  const sum = verified(octets, { ...place, end }, stated)
  const fields = {
    sourcePort,
    destinationPort,
    length: stated,
    ...sum.fields,
    ...(problem !== undefined && { problem }),
  }
  const said = problem === undefined ? '' : `: ${problem}`
  const isVxlan = isVxlanPort(octets, destinationPort) && network?.unchecked !== FRAGMENT
  return {
    layer: {
      layer: 'udp',
      offset,
      length: 8,
      fields,
      text: `UDP ${sourcePort} > ${destinationPort}, length ${stated}${said}, ${sum.text}`,
    },
    next: { protocol: isVxlan ? 'vxlan' : 'payload', offset: offset + 8, end },
  }
}

function isVxlanPort({ vxlanPort }: Octets, port: number): boolean {
  return port === VXLAN_PORT || port === vxlanPort
}

function endOf({ offset, end, network }: Place, stated: number): { end: number; problem?: string } {
  // The first fragment's length is the whole datagram's.
  if (network?.unchecked === FRAGMENT) return { end }
  const there = end - offset
  if (stated === 0 && there > 0xffff) return { end }
  if (stated < 8) return { end, problem: 'expected at least 8' }
  if (stated > there) return { end, problem: `only ${octetsText(there)} are there` }
  return { end: offset + stated }
}

function verified(octets: Octets, { offset, end, network }: Place, stated: number): Verified {
  if (octets.u16(offset + 6) === 0) {
    // Tunnels may leave it out on IPv6 too.
    const allowed = network?.version !== 6 || isVxlanPort(octets, octets.u16(offset + 2))
    return absent(allowed ? 'absent' : 'absent, which IPv6 does not allow')
  }
  const covered = { at: offset + 6, start: offset, end }
  const pseudo = pseudoOf(network, 17, stated === 0 ? end - offset : stated)
  const unchecked = pseudo.unchecked ?? (end - offset < stated ? 'the length is wrong' : undefined)
  return verify(octets, { ...covered, ...pseudo, unchecked })
}

export function vxlan(octets: Octets, place: Place): Dissected {
  const short = shortOf(octets, place, 8, ['vxlan', 'VXLAN'])
  if (short) return short
  const { offset, end } = place
  const flags = octets.u8(offset)
  const vni = octets.u32(offset + 4) >>> 8
  const valid = (flags & 8) !== 0
  const fields = { flags: hex(flags, 2), vni, ...(!valid && { problem: 'the I flag is not set' }) }
  return {
    layer: {
      layer: 'vxlan',
      offset,
      length: 8,
      fields,
      text: `VXLAN, VNI ${vni}${valid ? '' : ', but the I flag is not set'}`,
    },
    next: { protocol: 'ethernet', offset: offset + 8, end },
  }
}
