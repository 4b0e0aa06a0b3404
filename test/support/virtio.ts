/** The virtio-net header of 12 octets (virtio 1.2, 5.1.6), as the tests read and write it. */

export const HEADER_LENGTH = 12

export const NEEDS_CSUM = 1
export const DATA_VALID = 2

export const Gso = { NONE: 0, TCPV4: 1, UDP: 3, TCPV6: 4, UDP_L4: 5, ECN: 0x80 } as const

export interface VirtioHeader {
  flags: number
  gsoType: number
  headerLength: number
  gsoSize: number
  checksumStart: number
  checksumOffset: number
  buffers: number
}

/** A header that asks for nothing. */
export const NOTHING: Readonly<VirtioHeader> = {
  flags: 0,
  gsoType: 0,
  headerLength: 0,
  gsoSize: 0,
  checksumStart: 0,
  checksumOffset: 0,
  buffers: 0,
}

/** The header's octets and the frame's, as a device hands them over. */
export function encode(header: VirtioHeader, frame: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(HEADER_LENGTH + frame.length)
  const view = new DataView(bytes.buffer)
  view.setUint8(0, header.flags)
  view.setUint8(1, header.gsoType)
  view.setUint16(2, header.headerLength, true)
  view.setUint16(4, header.gsoSize, true)
  view.setUint16(6, header.checksumStart, true)
  view.setUint16(8, header.checksumOffset, true)
  view.setUint16(10, header.buffers, true)
  bytes.set(frame, HEADER_LENGTH)
  return bytes
}

export function decode(bytes: Uint8Array): { header: VirtioHeader; frame: Uint8Array } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const header = {
    flags: view.getUint8(0),
    gsoType: view.getUint8(1),
    headerLength: view.getUint16(2, true),
    gsoSize: view.getUint16(4, true),
    checksumStart: view.getUint16(6, true),
    checksumOffset: view.getUint16(8, true),
    buffers: view.getUint16(10, true),
  }
  return { header, frame: bytes.subarray(HEADER_LENGTH) }
}
