/**
 * What switches say to each other on the reserved addresses 01-80-C2-00-00-0X: spanning tree (802.1D
 * 9.3), slow protocols (802.3 annex 57), LLDP (802.1AB 8), EAPOL (802.1X 11.3), PAUSE (802.3 31B).
 */
import {
  type Dissected,
  type FieldValue,
  hex,
  type Octets,
  octetsText,
  type Place,
  shortOf,
} from './layer.js'

/** A layer behind which nothing is read. */
function last(
  octets: Octets,
  place: Place,
  layer: string,
  { fields, text }: { fields: Record<string, FieldValue>; text: string },
): Dissected {
  const { offset } = place
  return { layer: { layer, offset, length: octets.available(place), fields, text } }
}

const bpdus: ReadonlyMap<number, string> = new Map([
  [0x00, 'configuration'],
  [0x02, 'rapid'],
  [0x80, 'topology change notification'],
])

const versions: Readonly<Record<number, string>> = { 0: 'STP', 2: 'RSTP', 3: 'MSTP' }

export function stp(octets: Octets, place: Place): Dissected {
  const short = shortOf(octets, place, 4, ['stp', 'Spanning tree'])
  if (short) return short
  const { offset } = place
  const [version, type] = [octets.u8(offset + 2), octets.u8(offset + 3)]
  const title = `${versions[version] ?? `Spanning tree version ${version}`}, ${bpdus.get(type) ?? `BPDU type ${hex(type, 2)}`}`
  if (type !== 0x00 && type !== 0x02) {
    return last(octets, place, 'stp', { fields: { version, type }, text: title })
  }
  const cut = shortOf(octets, place, 35, ['stp', title])
  if (cut) return cut
  const bridgeId = (at: number) => `${octets.u16(at)}.${octets.mac(at + 2)}`
  const fields = {
    version,
    type,
    flags: hex(octets.u8(offset + 4), 2),
    root: bridgeId(offset + 5),
    cost: octets.u32(offset + 13),
    bridge: bridgeId(offset + 17),
    port: hex(octets.u16(offset + 25)),
  }
  const text = `${title}, root ${fields.root}, cost ${fields.cost}, bridge ${fields.bridge}, port ${fields.port}`
  return last(octets, place, 'stp', { fields, text })
}

const slowNames: Readonly<Record<number, string>> = {
  1: 'LACP',
  2: 'LACP marker',
  3: 'OAM',
  10: 'organisation specific',
}

export function slow(octets: Octets, place: Place): Dissected {
  const short = shortOf(octets, place, 2, ['slow', 'Slow protocol'])
  if (short) return short
  const { offset } = place
  const subtype = octets.u8(offset)
  const name = slowNames[subtype] ?? `subtype ${subtype}`
  const text = `Slow protocol: ${name}`
  if (subtype !== 1) return last(octets, place, 'slow', { fields: { subtype }, text })
  const cut = shortOf(octets, place, 42, ['slow', text])
  if (cut) return cut
  // Actor's and partner's TLV of 20 octets: type, length, priority, system, key, ….
  const systemOf = (at: number) =>
    `${octets.u16(at + 2)}.${octets.mac(at + 4)} key ${octets.u16(at + 10)}`
  const fields = { subtype, actor: systemOf(offset + 2), partner: systemOf(offset + 22) }
  return last(octets, place, 'slow', {
    fields,
    text: `${text}, actor ${fields.actor}, partner ${fields.partner}`,
  })
}

const tlvNames: Readonly<Record<number, string>> = {
  1: 'chassis',
  2: 'port',
  3: 'time to live',
  4: 'port description',
  5: 'system name',
  6: 'system description',
  7: 'capabilities',
  8: 'management address',
  127: 'organisation specific',
}

const TEXTS = [4, 5, 6]
const utf8 = new TextDecoder()

export function lldp(octets: Octets, place: Place): Dissected {
  const short = shortOf(octets, place, 2, ['lldp', 'LLDP'])
  if (short) return short
  const end = Math.min(place.end, octets.bytes.length)
  const tlvs: string[] = []
  for (let at = place.offset; at + 2 <= end; ) {
    const [type, length] = [octets.u8(at) >>> 1, octets.u16(at) & 0x1ff]
    if (type === 0) break
    if (at + 2 + length > end) {
      const truncated = `TLV ${type} of ${octetsText(length)}, ${end - at - 2} are there`
      const text = ['LLDP', ...tlvs, `truncated: ${truncated}`].join(', ')
      return last(octets, place, 'lldp', { fields: { tlvs, truncated }, text })
    }
    tlvs.push(tlvText(octets, at + 2, type, length))
    at += 2 + length
  }
  return last(octets, place, 'lldp', { fields: { tlvs }, text: ['LLDP', ...tlvs].join(', ') })
}

function tlvText(octets: Octets, at: number, type: number, length: number): string {
  const name = tlvNames[type] ?? `TLV ${type}`
  const value = octets.bytes.subarray(at, at + length)
  if (TEXTS.includes(type)) return `${name} ${JSON.stringify(utf8.decode(value))}`
  if (type === 3 && length >= 2) return `${name} ${octets.u16(at)} s`
  if (type === 1 || type === 2) return `${name} ${idText(octets, at, type, length)}`
  return name
}

/** A MAC, a network address, or text, by subtype (802.1AB 8.5.2.2, 8.5.3.2). */
function idText(octets: Octets, at: number, type: number, length: number): string {
  const subtype = length > 0 ? octets.u8(at) : 0
  const isMac = subtype === (type === 1 ? 4 : 3) && length === 7
  if (isMac) return octets.mac(at + 1)
  if (subtype === (type === 1 ? 5 : 4)) return `0x${octets.hex(at + 1, at + length)}`
  return JSON.stringify(utf8.decode(octets.bytes.subarray(at + 1, at + length)))
}

const eapolTypes = ['EAP packet', 'start', 'logoff', 'key', 'alert', 'MKA'] as const

export function eapol(octets: Octets, place: Place): Dissected {
  const short = shortOf(octets, place, 4, ['eapol', 'EAPOL'])
  if (short) return short
  const { offset } = place
  const fields = {
    version: octets.u8(offset),
    type: octets.u8(offset + 1),
    length: octets.u16(offset + 2),
  }
  const name = eapolTypes[fields.type] ?? `type ${fields.type}`
  return last(octets, place, 'eapol', { fields, text: `EAPOL version ${fields.version}, ${name}` })
}

export function macControl(octets: Octets, place: Place): Dissected {
  const short = shortOf(octets, place, 4, ['mac-control', 'MAC Control'])
  if (short) return short
  const { offset } = place
  const opcode = octets.u16(offset)
  if (opcode === 1) {
    const quanta = octets.u16(offset + 2)
    return last(octets, place, 'mac-control', {
      fields: { opcode, quanta },
      text: `PAUSE for ${quanta} quanta of 512 bit times`,
    })
  }
  const name =
    opcode === 0x0101 ? 'Priority-based flow control' : `MAC Control, opcode ${hex(opcode)}`
  return last(octets, place, 'mac-control', { fields: { opcode }, text: name })
}
