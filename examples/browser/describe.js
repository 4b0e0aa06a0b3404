// A frame in a line, for people: as much as this page sends.

const ARP = 0x0806
const IPV4 = 0x0800
const FLAGS = ['FIN', 'SYN', 'RST', 'PSH', 'ACK']
const ICMP = { 0: 'echo reply', 3: 'unreachable', 8: 'echo request', 11: 'time exceeded' }

/** @returns {{kind: string, text: string}} */
export function describe(frame) {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength)
  const type = view.getUint16(12)
  if (type === ARP) return arp(view)
  if (type === IPV4) return ipv4(view)
  return { kind: 'other', text: `EtherType 0x${type.toString(16).padStart(4, '0')}` }
}

const address = (view, at) => [0, 1, 2, 3].map((octet) => view.getUint8(at + octet)).join('.')

function arp(view) {
  const [sender, target] = [address(view, 28), address(view, 38)]
  const mac = Array.from({ length: 6 }, (_, at) =>
    view
      .getUint8(22 + at)
      .toString(16)
      .padStart(2, '0'),
  )
  const isRequest = view.getUint16(20) === 1
  const text = isRequest ? `who has ${target}? tell ${sender}` : `${sender} is at ${mac.join(':')}`
  return { kind: 'arp', text }
}

function ipv4(view) {
  const ends = { source: address(view, 26), destination: address(view, 30) }
  const at = 14 + 4 * (view.getUint8(14) & 15)
  const length = view.getUint16(16) + 14 - at
  const read = { 1: icmp, 6: tcp, 17: udp }[view.getUint8(23)]
  if (read && view.byteLength >= at + 8) return read(view, at, { ...ends, length })
  return { kind: 'other', text: `${ends.source} > ${ends.destination}` }
}

function icmp(view, at, { source, destination }) {
  const type = view.getUint8(at)
  const sequence = type === 0 || type === 8 ? `, seq ${view.getUint16(at + 6)}` : ''
  const what = `${ICMP[type] ?? `type ${type}`}${sequence}`
  return { kind: 'icmp', text: `${source} > ${destination}: ${what}` }
}

const ports = (view, at, { source, destination }) =>
  `${source}:${view.getUint16(at)} > ${destination}:${view.getUint16(at + 2)}`

function tcp(view, at, ends) {
  const bits = view.getUint8(at + 13)
  const flags = FLAGS.filter((_, bit) => bits & (1 << bit)).join(' ')
  const octets = ends.length - 4 * (view.getUint8(at + 12) >> 4)
  const data = octets > 0 ? `, ${octets} octets` : ''
  return { kind: 'tcp', text: `${ports(view, at, ends)}: ${flags}${data}` }
}

const udp = (view, at, ends) => ({
  kind: 'udp',
  text: `${ports(view, at, ends)}: ${ends.length - 8} octets`,
})
