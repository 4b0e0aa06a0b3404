/** Names of numbers, as people know them. */

export const etherTypes: ReadonlyMap<number, string> = new Map([
  [0x0800, 'IPv4'],
  [0x0806, 'ARP'],
  [0x0842, 'Wake-on-LAN'],
  [0x22f3, 'TRILL'],
  [0x6558, 'Transparent Ethernet Bridging'],
  [0x8035, 'RARP'],
  [0x8100, '802.1Q'],
  [0x86dd, 'IPv6'],
  [0x8808, 'MAC Control'],
  [0x8809, 'Slow Protocols'],
  [0x8847, 'MPLS'],
  [0x8848, 'MPLS multicast'],
  [0x8863, 'PPPoE Discovery'],
  [0x8864, 'PPPoE Session'],
  [0x888e, 'EAPOL'],
  [0x88a8, '802.1ad'],
  [0x88b5, 'Local Experimental 1'],
  [0x88b6, 'Local Experimental 2'],
  [0x88cc, 'LLDP'],
  [0x88e5, 'MACsec'],
  [0x88f5, 'MVRP'],
  [0x88f6, 'MMRP'],
  [0x88f7, 'PTP'],
  [0x9000, 'Loopback'],
  [0x9100, 'QinQ (before 802.1ad)'],
])

/** Names of EtherTypes that a person may write, beside a number. */
export const etherTypeNumbers: Readonly<Record<string, number>> = {
  ipv4: 0x0800,
  arp: 0x0806,
  ipv6: 0x86dd,
  vlan: 0x8100,
  qinq: 0x88a8,
  slow: 0x8809,
  eapol: 0x888e,
  lldp: 0x88cc,
}

/** IANA "Assigned Internet Protocol Numbers". */
export const protocols: Readonly<Record<number, string>> = {
  0: 'Hop-by-Hop Options',
  1: 'ICMP',
  2: 'IGMP',
  4: 'IPv4 in IP',
  6: 'TCP',
  17: 'UDP',
  41: 'IPv6 in IP',
  43: 'Routing',
  44: 'Fragment',
  47: 'GRE',
  50: 'ESP',
  51: 'Authentication Header',
  58: 'ICMPv6',
  59: 'No Next Header',
  60: 'Destination Options',
  89: 'OSPF',
  103: 'PIM',
  112: 'VRRP',
  132: 'SCTP',
  135: 'Mobility',
  136: 'UDP-Lite',
}

/** Who reads an EtherType's payload: names of the table in dissect.ts. */
export const byEtherType: ReadonlyMap<number, string> = new Map([
  [0x0800, 'ipv4'],
  [0x0806, 'arp'],
  [0x8100, 'vlan'],
  [0x86dd, 'ipv6'],
  [0x8808, 'mac-control'],
  [0x8809, 'slow'],
  [0x888e, 'eapol'],
  [0x88a8, 'vlan'],
  [0x88cc, 'lldp'],
])

/** Who reads an IP protocol's payload; what is not here is payload. */
export function byProtocol(number: number, version: 4 | 6): string {
  if (number === 6) return 'tcp'
  if (number === 17) return 'udp'
  if (number === 4) return 'ipv4'
  if (number === 41) return 'ipv6'
  if (version === 4) return number === 1 ? 'icmp' : 'payload'
  return v6[number] ?? 'payload'
}

const v6: Readonly<Record<number, string>> = {
  0: 'hop-by-hop',
  43: 'routing',
  44: 'fragment',
  51: 'authentication',
  58: 'icmpv6',
  60: 'destination-options',
}

/** `6 (TCP)`. */
export const protocolText = (number: number): string => named(String(number), protocols[number])

export const named = (value: string, name: string | undefined): string =>
  name === undefined ? value : `${value} (${name})`
