/** The VXLAN overlay of a config: our own end, and tunnels of bridges. What hangs together is in check-overlay.ts. */
import * as z from 'zod'
import { checkNetns, NETNS } from './names.js'
import { flag, quoted, text, whole } from './values.js'
import { checkVtep, VTEP } from './vtep.js'

/** RFC 7348 section 5: the destination port that IANA gave out. */
export const VXLAN_PORT = 4789

export const vtep = text(quoted(VTEP), checkVtep)

const udpPort = whole(1, 65_535)

const ADDRESSES = 'a list of one IPv4 address, one IPv6 address, or both'
const MTU = '"auto" or a whole number from 1280 to 65535'

export const underlaySchema = z.strictObject(
  {
    addresses: z
      .array(vtep, ADDRESSES)
      .min(1, ADDRESSES)
      .describe('Our own, which tunnels leave from: at most one of each family'),
    port: udpPort.default(VXLAN_PORT).describe('UDP port of bridges that do not say'),
    netns: text(quoted(NETNS), checkNetns)
      .optional()
      .describe('The network namespace of the addresses; left out: where we run'),
    mtu: z
      .union([z.literal('auto', MTU), whole(1280, 65_535, MTU)], MTU)
      .default('auto')
      .describe('Of the way to the peers; auto: that of the interface with the address'),
  },
  'a mapping such as { addresses: [192.0.2.10] }',
)

const DSCP = '"copy" or a whole number from 0 to 63'

export const vxlanSchema = z.strictObject(
  {
    vni: whole(0, 2 ** 24 - 1).describe('The VXLAN Network Identifier'),
    peers: z
      .array(vtep, 'a list of VTEPs such as [192.0.2.11, "2001:db8::12"]')
      .default([])
      .describe('VTEPs that floods go to, and the only ones whose frames come in'),
    port: udpPort.optional().describe("Its UDP port; left out: the underlay's"),
    learning: flag.default(true).describe('Whether MACs are learnt from frames of peers'),
    strict: flag.default(false).describe('true: packets with reserved bits set are dropped'),
    tagged: flag.default(false).describe('true: VLAN tags pass through the tunnels'),
    ttl: whole(1, 255).default(64).describe('TTL or hop limit of what is sent'),
    dscp: z
      .union([z.literal('copy', DSCP), whole(0, 63, DSCP)], DSCP)
      .default('copy')
      .describe("DSCP of what is sent; copy: the inner packet's"),
    suppress: flag
      .default(true)
      .describe('Whether ARP and ND requests for known neighbours are answered here'),
  },
  'a mapping such as { vni: 42, peers: [192.0.2.11] }',
)
