/** Numbers of linux/netlink.h, linux/rtnetlink.h, linux/if_link.h, if_addr.h and if_tun.h. */

/** Message types of every netlink family. */
export const NLMSG = { NOOP: 1, ERROR: 2, DONE: 3, OVERRUN: 4 } as const

/** Header flags. The last rows share bits: their meaning depends on the kind of message. */
export const NLM_F = {
  REQUEST: 0x1,
  MULTI: 0x2,
  ACK: 0x4,
  DUMP_INTR: 0x10,
  /** Of GET requests. */
  DUMP: 0x300,
  /** Of NEW requests. */
  EXCL: 0x200,
  CREATE: 0x400,
  /** Of acknowledgements: the request is not repeated; attributes follow. */
  CAPPED: 0x100,
  ACK_TLVS: 0x200,
} as const

export const NLMSGERR_ATTR_MSG = 1

export const RTM = {
  NEWLINK: 16,
  DELLINK: 17,
  GETLINK: 18,
  NEWADDR: 20,
  DELADDR: 21,
  GETADDR: 22,
  NEWROUTE: 24,
  DELROUTE: 25,
  GETROUTE: 26,
} as const

/** The multicast group of link changes, as a bit. */
export const RTMGRP_LINK = 1

export const AF = { UNSPEC: 0, INET: 2, INET6: 10 } as const

export const IFF = { UP: 0x1, LOWER_UP: 0x10000 } as const

export const IFLA = {
  ADDRESS: 1,
  IFNAME: 3,
  MTU: 4,
  TXQLEN: 13,
  OPERSTATE: 16,
  LINKINFO: 18,
  STATS64: 23,
  GROUP: 27,
  NET_NS_FD: 28,
  CARRIER: 33,
} as const

export const IFLA_INFO = { KIND: 1, DATA: 2 } as const

export const IFLA_TUN = {
  TYPE: 3,
  PERSIST: 6,
  MULTI_QUEUE: 7,
  NUM_QUEUES: 8,
  NUM_DISABLED_QUEUES: 9,
} as const

export const IFA = { ADDRESS: 1, LOCAL: 2, BROADCAST: 4 } as const
export const IFA_F_NODAD = 0x2

export const RTA = { DST: 1, OIF: 4, GATEWAY: 5, TABLE: 15 } as const
export const RT_TABLE_MAIN = 254
export const RTPROT_STATIC = 4
export const RT_SCOPE = { UNIVERSE: 0, LINK: 253 } as const
export const RTN_UNICAST = 1
