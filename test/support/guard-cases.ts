/** What a guarded host may send, and what it may not: named, with the reason of the drop. */
import { BROADCAST, frame, join, station } from './frames.js'
import {
  arpOf,
  DHCP,
  extended,
  fragment,
  ICMPV6,
  Icmpv6,
  icmpv6,
  ipv4From,
  ipv6From,
  linkOption,
} from './neighbor.js'
import { push } from './vlan.js'

export const OWN = '10.0.0.1'
const OWN6 = 'fd00::1'
/** RFC 4291 appendix A, of 02:00:00:00:00:01. */
export const LINK_LOCAL = 'fe80::ff:fe00:1'
export const GATEWAY = '10.0.0.254'
export const GATEWAY6 = 'fe80::254'
export const guard = {
  macs: ['02:00:00:00:00:01'],
  addresses: ['10.0.0.1/32', '10.1.0.0/20', 'fd00::1/128'],
}
export const udp = new Uint8Array(16)
export const dad = (target: string) => ipv6From('::', ICMPV6, icmpv6(Icmpv6.SOLICITATION, target))
export const advert = (target: string, options: number[] = [], source = OWN6) =>
  ipv6From(source, ICMPV6, icmpv6(Icmpv6.ADVERTISEMENT, target, options))
const solicit = (target: string, options: number[] = []) =>
  ipv6From(OWN6, ICMPV6, icmpv6(Icmpv6.SOLICITATION, target, options))
export const router = icmpv6(Icmpv6.ROUTER_ADVERTISEMENT, undefined, [0, 0, 0, 0, 0, 0, 0, 0])

/** What a host may say of itself. */
export const honest: Record<string, Uint8Array> = {
  'an EtherType nobody knows': frame(station(2), station(1)),
  'an ARP request': arpOf(OWN),
  'an ARP reply from a bound network': arpOf('10.1.15.255', { operation: 2 }),
  'an ARP probe (RFC 5227)': arpOf('0.0.0.0'),
  'IPv4 from a bound address': ipv4From(OWN),
  'IPv4 from a bound network': ipv4From('10.1.0.7'),
  'a fragment from a bound address': ipv4From(OWN, { fragment: 0x2003 }),
  'a DHCP client without an address': ipv4From('0.0.0.0', { ports: DHCP }),
  'IPv6 from a bound address': ipv6From(OWN6, 17, udp),
  'IPv6 from the link-local address of its MAC': ipv6From(LINK_LOCAL, 17, udp),
  'IPv6 behind extension headers': ipv6From(OWN6, 0, extended(60, extended(17, udp))),
  'a first fragment of UDP': ipv6From(OWN6, 44, fragment(17, udp)),
  'a later fragment': ipv6From(OWN6, 44, fragment(17, udp, 800)),
  'detection of a duplicate of its own': dad(OWN6),
  'the same of its link-local address': dad(LINK_LOCAL),
  'a solicitation of anybody': solicit(GATEWAY6, linkOption(1, station(1))),
  'an advertisement of its own': advert(OWN6, linkOption(2, station(1))),
  'an advertisement of its link-local address': advert(LINK_LOCAL, [], LINK_LOCAL),
  'a router solicitation': ipv6From(
    LINK_LOCAL,
    ICMPV6,
    icmpv6(Icmpv6.ROUTER_SOLICITATION, undefined, linkOption(1, station(1))),
  ),
  'a router solicitation without a source': ipv6From(
    '::',
    ICMPV6,
    icmpv6(Icmpv6.ROUTER_SOLICITATION),
  ),
  'a listener report without a source': ipv6From(
    '::',
    0,
    extended(ICMPV6, icmpv6(Icmpv6.REPORT_2)),
  ),
  'an older listener report': ipv6From('::', ICMPV6, icmpv6(Icmpv6.REPORT, OWN6)),
  'an echo request': ipv6From(OWN6, ICMPV6, icmpv6(Icmpv6.ECHO)),
  'LLC that is not SNAP': join(BROADCAST, station(1), [0, 3, 0x42, 0x42, 3], new Uint8Array(40)),
}

/** And what it may not: with the reason. */
export const refused: Record<string, [string, Uint8Array]> = {
  "a neighbour's MAC": ['guard-mac', frame(station(2), station(3))],
  "the gateway's address in ARP": ['guard-neighbor', arpOf(GATEWAY)],
  'a gratuitous reply for the gateway': [
    'guard-neighbor',
    arpOf(GATEWAY, { operation: 2, target: GATEWAY }),
  ],
  "a neighbour's MAC in ARP": ['guard-neighbor', arpOf(OWN, { mac: station(3) })],
  'an address past the bound network': ['guard-neighbor', arpOf('10.1.16.0')],
  'ARP cut short': ['guard-neighbor', arpOf(OWN).subarray(0, 14 + 27)],
  'ARP of another kind of hardware': ['guard-neighbor', at(arpOf(OWN), 15, 6)],
  "the gateway's address in IPv4": ['guard-address', ipv4From(GATEWAY)],
  'IPv4 without an address': ['guard-address', ipv4From('0.0.0.0')],
  'DHCP that is no client': ['guard-address', ipv4From('0.0.0.0', { ports: [67, 68] })],
  'DHCP ports over TCP': ['guard-address', ipv4From('0.0.0.0', { ports: DHCP, protocol: 6 })],
  'a fragment with DHCP ports': [
    'guard-address',
    ipv4From('0.0.0.0', { ports: DHCP, fragment: 0x2000 }),
  ],
  'DHCP cut in its ports': ['guard-address', ipv4From('0.0.0.0', { ports: DHCP }).subarray(0, 36)],
  'an IPv4 header cut short': ['guard-address', ipv4From(OWN).subarray(0, 14 + 19)],
  'IPv4 that says it is version 6': ['guard-address', at(ipv4From(OWN), 14, 0x65)],
  'an IHL of 4': ['guard-address', at(ipv4From(OWN), 14, 0x44)],
  "a neighbour's IPv6 address": ['guard-address', ipv6From('fd00::2', 17, udp)],
  'the link-local address of another MAC': ['guard-address', ipv6From('fe80::ff:fe00:2', 17, udp)],
  'the EUI-64 of its MAC under another prefix': [
    'guard-address',
    ipv6From('fe80:0:0:1:0:ff:fe00:1', 17, udp),
  ],
  'no address and no discovery': ['guard-address', ipv6From('::', 17, udp)],
  'an echo without an address': ['guard-address', ipv6From('::', ICMPV6, icmpv6(Icmpv6.ECHO))],
  'a fragment without an address': ['guard-address', ipv6From('::', 44, fragment(17, udp))],
  'an IPv6 header cut short': ['guard-address', ipv6From(OWN6, 17, udp).subarray(0, 14 + 39)],
  'nine extension headers': ['guard-address', ipv6From(OWN6, 60, chain(9))],
  'a chain cut short': [
    'guard-address',
    ipv6From(OWN6, 60, Uint8Array.of(17, 9, 0, 0, 0, 0, 0, 0)),
  ],
  'a router advertisement': ['guard-neighbor', ipv6From(LINK_LOCAL, ICMPV6, router)],
  'the same behind extension headers': [
    'guard-neighbor',
    ipv6From(LINK_LOCAL, 0, extended(60, extended(ICMPV6, router))),
  ],
  'the same in a fragment (RFC 7113)': [
    'guard-neighbor',
    ipv6From(LINK_LOCAL, 44, fragment(ICMPV6, router)),
  ],
  'the same in an atomic fragment': [
    'guard-neighbor',
    ipv6From(LINK_LOCAL, 44, fragment(ICMPV6, router, 0, false)),
  ],
  'the same behind options in a fragment': [
    'guard-neighbor',
    ipv6From(LINK_LOCAL, 44, fragment(60, extended(ICMPV6, router))),
  ],
  'a chain cut off in a first fragment (RFC 7112)': [
    'guard-address',
    ipv6From(LINK_LOCAL, 44, fragment(60, Uint8Array.of(58, 1, 0, 0, 0, 0, 0, 0))),
  ],
  'options with nothing behind them': [
    'guard-address',
    ipv6From(LINK_LOCAL, 44, fragment(60, extended(ICMPV6, new Uint8Array()))),
  ],
  'a fragment in a fragment': [
    'guard-address',
    ipv6From(LINK_LOCAL, 44, fragment(44, fragment(ICMPV6, router))),
  ],
  'a redirect': ['guard-neighbor', ipv6From(LINK_LOCAL, ICMPV6, icmpv6(Icmpv6.REDIRECT, OWN6))],
  "an advertisement of the gateway's": ['guard-neighbor', advert(GATEWAY6)],
  "an advertisement with a neighbour's MAC": [
    'guard-neighbor',
    advert(OWN6, linkOption(2, station(3))),
  ],
  "a solicitation with a neighbour's MAC": [
    'guard-neighbor',
    solicit(GATEWAY6, linkOption(1, station(3))),
  ],
  "a router solicitation with a neighbour's MAC": [
    'guard-neighbor',
    ipv6From(OWN6, ICMPV6, icmpv6(133, undefined, linkOption(1, station(3)))),
  ],
  "a neighbour's MAC behind another option": [
    'guard-neighbor',
    advert(OWN6, [14, 1, 0, 0, 0, 0, 0, 0, ...linkOption(2, station(3))]),
  ],
  'an option of length 0': ['guard-neighbor', advert(OWN6, [2, 0, 0, 0, 0, 0, 0, 0])],
  'an option past the end': ['guard-neighbor', advert(OWN6, [2, 2, 0, 0, 0, 0, 0, 1])],
  'an advertisement cut in its target': [
    'guard-neighbor',
    ipv6From(OWN6, ICMPV6, icmpv6(136, OWN6).subarray(0, 23)),
  ],
  'ICMPv6 cut short': ['guard-neighbor', ipv6From(OWN6, ICMPV6, Uint8Array.of(128, 0, 0))],
  "detection of a duplicate of the gateway's": ['guard-neighbor', dad(GATEWAY6)],
  'more wrappings than are looked through': [
    'guard-address',
    Array.from({ length: 8 }).reduce<Uint8Array>((inner) => push(inner, 5), arpOf(OWN)),
  ],
}

function at(bytes: Uint8Array, offset: number, value: number): Uint8Array {
  return Uint8Array.from(bytes, (octet, index) => (index === offset ? value : octet))
}

function chain(headers: number): Uint8Array {
  return Array.from({ length: headers }).reduce<Uint8Array>(
    (inner, _, index) => extended(index === 0 ? 17 : 60, inner),
    udp,
  )
}
