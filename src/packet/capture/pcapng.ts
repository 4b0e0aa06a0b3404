/** Numbers of pcapng (draft-ietf-opsawg-pcapng), in the draft's spelling. */

/** Block types (section 11.1). */
export const BLOCK = {
  IDB: 1,
  PB: 2,
  SPB: 3,
  NRB: 4,
  ISB: 5,
  EPB: 6,
  /** Reads the same in both byte orders. */
  SHB: 0x0a0d0d0a,
} as const

export const BYTE_ORDER_MAGIC = 0x1a2b3c4d

/** Option codes (sections 3.5, 4.1 to 4.3, 4.6). */
export const OPTION = {
  endofopt: 0,
  comment: 1,
  shb_hardware: 2,
  shb_os: 3,
  shb_userappl: 4,
  if_name: 2,
  if_description: 3,
  if_tsresol: 9,
  if_fcslen: 13,
  if_tsoffset: 14,
  epb_flags: 2,
  epb_dropcount: 4,
  isb_ifrecv: 4,
  isb_ifdrop: 5,
} as const

/** epb_flags, bits 0 and 1 (section 4.3.1). */
export const INBOUND = 1
export const OUTBOUND = 2

/** Everything is padded to 32 bits. */
export const padded = (octets: number): number => (octets + 3) & ~3
