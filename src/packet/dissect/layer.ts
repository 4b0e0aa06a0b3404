/** What dissecting gives, and how a dissector is called. */
import { formatAddress, formatMac } from '../../config/address.js'

export type FieldValue = string | number | boolean | readonly string[]

/** One header, or the octets behind the last one. */
export interface Layer {
  /** `ethernet`, `vlan`, `ipv4`, `tcp`, …; `payload` and `padding` are octets that nobody reads. */
  layer: string
  /** Of its first octet in the frame. */
  offset: number
  /** Octets of the header that are there. */
  length: number
  /** By the standard's names; `truncated` or `problem` says in words what is wrong. */
  fields: Record<string, FieldValue>
  /** One line for people. */
  text: string
}

/** What the pseudo-header of an upper layer is made of. */
export interface Network {
  version: 4 | 6
  /** Source and destination, 8 or 32 octets. */
  addresses: Uint8Array
  /** Why an upper layer's checksum cannot be checked here. */
  unchecked?: string
}

/** Reasons for `unchecked`. */
export const FRAGMENT = 'a fragment'
export const CUT = 'the packet is cut'

/** Where a layer begins and ends; `end` is what the layer around it says, maybe beyond the frame. */
export interface Place {
  offset: number
  end: number
  network?: Network
}

/** The octets behind a header, and whose they are: a name of the table in dissect.ts. */
export interface Next extends Place {
  protocol: string
}

export interface Dissected {
  layer: Layer
  next?: Next
}

export type Dissector = (octets: Octets, place: Place) => Dissected

/** A frame, read big-endian. Offsets are never checked: `shortOf` is asked before. */
export class Octets {
  readonly view: DataView

  /** @param vxlanPort a UDP port to which VXLAN goes, beside its own */
  constructor(
    readonly bytes: Uint8Array,
    readonly vxlanPort?: number,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  u8 = (at: number): number => this.view.getUint8(at)
  u16 = (at: number): number => this.view.getUint16(at)
  u32 = (at: number): number => this.view.getUint32(at)
  mac = (at: number): string => formatMac(this.bytes.subarray(at, at + 6))
  address = (at: number, octets: number): string =>
    formatAddress(this.bytes.subarray(at, at + octets))
  hex = (at: number, end: number): string =>
    Array.from(this.bytes.subarray(at, end), (octet) => octet.toString(16).padStart(2, '0')).join(
      '',
    )

  /** Octets of a place that are there. */
  available({ offset, end }: Place): number {
    return Math.max(0, Math.min(end, this.bytes.length) - offset)
  }
}

/** `0x0806`. */
export function hex(value: number, digits = 4): string {
  return `0x${value.toString(16).padStart(digits, '0')}`
}

/** `1 octet`, `2 octets`. */
export function octetsText(count: number): string {
  return `${count} octet${count === 1 ? '' : 's'}`
}

/** The layer of a header that is not whole, or undefined if `needed` octets are there. */
export function shortOf(
  octets: Octets,
  place: Place,
  needed: number,
  [layer, title]: readonly [layer: string, title: string],
): Dissected | undefined {
  const length = octets.available(place)
  if (length >= needed) return undefined
  const truncated = `${length} of at least ${octetsText(needed)} are there`
  return {
    layer: {
      layer,
      offset: place.offset,
      length,
      fields: { truncated },
      text: `${title}, truncated: ${truncated}`,
    },
  }
}
