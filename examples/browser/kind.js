// What a frame is, for its colour.

const ARP = 0x0806
const IPV4 = 0x0800
const PROTOCOLS = { 1: 'icmp', 6: 'tcp', 17: 'udp' }

/** @returns {'arp' | 'icmp' | 'tcp' | 'udp' | 'other'} */
export function kindOf(frame) {
  const type = (frame[12] << 8) | frame[13]
  if (type === ARP) return 'arp'
  return (type === IPV4 && PROTOCOLS[frame[23]]) || 'other'
}
