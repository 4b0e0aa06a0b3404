/** Ethernet II and 802.3 with LLC and SNAP (IEEE 802.3-2018 3.1, 802.2), VLAN tags (802.1Q 9.6). */
import { type Dissected, hex, type Next, type Octets, type Place, shortOf } from './layer.js'
import { byEtherType, etherTypes, named } from './names.js'

/** Smallest EtherType and largest length (IEEE 802.3-2018 3.2.6). */
const TYPE_MIN = 0x0600
const LENGTH_MAX = 1500

export function ethernet(octets: Octets, place: Place): Dissected {
  const short = shortOf(octets, place, 14, ['ethernet', 'Ethernet'])
  if (short) return short
  const { offset } = place
  const destination = octets.mac(offset)
  const source = octets.mac(offset + 6)
  const kind = octets.u16(offset + 12)
  const { fields, text, next } = typeOrLength(octets, place, offset + 12)
  return {
    layer: {
      layer: 'ethernet',
      offset,
      length: 14,
      fields: { destination, source, ...fields },
      text: `${kind < TYPE_MIN ? '802.3' : 'Ethernet'} ${source} > ${destination}${castOf(destination)}, ${text}`,
    },
    next,
  }
}

function castOf(mac: string): string {
  if (mac === 'ff:ff:ff:ff:ff:ff') return ' (broadcast)'
  return (Number.parseInt(mac.slice(0, 2), 16) & 1) === 1 ? ' (multicast)' : ''
}

/** The two octets that say what follows, in the header and again in every tag. */
function typeOrLength(
  octets: Octets,
  { end }: Place,
  at: number,
): { fields: Record<string, string | number>; text: string; next: Next } {
  const value = octets.u16(at)
  const offset = at + 2
  if (value >= TYPE_MIN) {
    const text = `type ${named(hex(value), etherTypes.get(value))}`
    const protocol = byEtherType.get(value) ?? 'payload'
    return { fields: { etherType: hex(value) }, text, next: { protocol, offset, end } }
  }
  if (value > LENGTH_MAX) {
    const problem = `${value} is no length and no EtherType`
    return {
      fields: { length: value, problem },
      text: problem,
      next: { protocol: 'payload', offset, end },
    }
  }
  const fits = offset + value <= end
  const problem = `${Math.max(0, end - offset)} octets are there`
  return {
    fields: fits ? { length: value } : { length: value, problem },
    text: fits ? `length ${value}` : `length ${value}, but ${problem}`,
    next: { protocol: 'llc', offset, end: Math.min(end, offset + value) },
  }
}

export function vlan(octets: Octets, place: Place): Dissected {
  const short = shortOf(octets, place, 4, ['vlan', 'VLAN tag'])
  if (short) return short
  const { offset } = place
  const control = octets.u16(offset)
  const vid = control & 0xfff
  const priority = control >>> 13
  const dei = (control & 0x1000) !== 0
  const { fields, text, next } = typeOrLength(octets, place, offset + 2)
  const what = vid === 0 ? 'VLAN tag without VLAN' : `VLAN ${vid}`
  return {
    layer: {
      layer: 'vlan',
      offset,
      length: 4,
      fields: { tpid: hex(octets.u16(offset - 2)), vid, priority, dei, ...fields },
      text: `${what} (${etherTypes.get(octets.u16(offset - 2))}), priority ${priority}${dei ? ', drop eligible' : ''}, ${text}`,
    },
    next,
  }
}

const SAP_STP = 0x42
const SAP_SNAP = 0xaa

const saps: ReadonlyMap<number, string> = new Map([
  [0x00, 'null'],
  [SAP_STP, 'spanning tree'],
  [SAP_SNAP, 'SNAP'],
  [0xe0, 'NetWare'],
  [0xf0, 'NetBIOS'],
  [0xfe, 'OSI'],
])

export function llc(octets: Octets, place: Place): Dissected {
  const short = shortOf(octets, place, 3, ['llc', 'LLC'])
  if (short) return short
  const { offset, end } = place
  const [dsap, ssap, control] = [octets.u8(offset), octets.u8(offset + 1), octets.u8(offset + 2)]
  // Unnumbered frames have a control field of one octet, others of two (802.2 5.2).
  const length = (control & 3) === 3 ? 3 : Math.min(4, octets.available(place))
  const isSnap = dsap === SAP_SNAP && ssap === SAP_SNAP && control === 3
  const protocol = isSnap ? 'snap' : dsap === SAP_STP && control === 3 ? 'stp' : 'payload'
  const fields = { dsap: hex(dsap, 2), ssap: hex(ssap, 2), control: hex(control, 2) }
  const text = `LLC, destination SAP ${named(fields.dsap, saps.get(dsap))}, source SAP ${named(fields.ssap, saps.get(ssap))}, control ${fields.control}`
  return {
    layer: { layer: 'llc', offset, length, fields, text },
    next: { protocol, offset: offset + length, end },
  }
}

/** Protocols of Cisco's OUI that a switch meets. */
const cisco: ReadonlyMap<number, string> = new Map([
  [0x0104, 'PAgP'],
  [0x010b, 'PVST+'],
  [0x0111, 'UDLD'],
  [0x2000, 'CDP'],
  [0x2003, 'VTP'],
  [0x2004, 'DTP'],
])

/** OUIs 00-00-00 and 00-00-F8 (802.1H) have EtherTypes for protocol numbers. */
const WITH_ETHERTYPES = ['000000', '0000f8']

export function snap(octets: Octets, place: Place): Dissected {
  const short = shortOf(octets, place, 5, ['snap', 'SNAP'])
  if (short) return short
  const { offset, end } = place
  const oui = octets.hex(offset, offset + 3)
  const number = octets.u16(offset + 3)
  const isType = WITH_ETHERTYPES.includes(oui)
  const names = isType ? etherTypes : oui === '00000c' ? cisco : undefined
  const dashed = oui.replace(/..(?!$)/g, '$&-')
  const protocol = (isType && byEtherType.get(number)) || 'payload'
  return {
    layer: {
      layer: 'snap',
      offset,
      length: 5,
      fields: { oui: dashed, protocol: hex(number) },
      text: `SNAP, OUI ${dashed}, protocol ${named(hex(number), names?.get(number))}`,
    },
    next: { protocol, offset: offset + 5, end },
  }
}
