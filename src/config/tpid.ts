/** The Ethertypes of VLAN tags (802.1Q-2018 table 9-1), by the name that a bridge's config has. */
export const TPID = { '802.1Q': 0x8100, '802.1ad': 0x88a8 } as const

export const isTagType = (etherType: number): boolean =>
  etherType === TPID['802.1Q'] || etherType === TPID['802.1ad']
