/** Interfaces: struct ifinfomsg and IFLA_* (linux/if_link.h). */
import { formatMac, parseMac } from '../../config/address.js'
import { AF, IFF, IFLA, IFLA_INFO, IFLA_TUN } from './constants.js'
import {
  type Attribute,
  type Attributes,
  cString,
  decodeAttributes,
  encodeBody,
  readCString,
  readU8,
  readU32,
  u32,
  viewOf,
} from './message.js'

/** u8 family, u8 padding, u16 hardware type, i32 index, u32 flags, u32 change mask. */
const HEADER = 16

/** The kernel's counters of an interface. `rx` is what the interface received. */
export interface LinkCounters {
  packets: number
  bytes: number
  errors: number
  dropped: number
}

/** What the TUN driver says of its device. */
export interface TunInfo {
  type: 'tun' | 'tap'
  persist: boolean
  multiQueue: boolean
  /** Queues that are open, detached ones included. 0 where the device has one queue only. */
  queues: number
}

export interface Link {
  index: number
  name: string
  /** Lower case, joined by colons; empty where the interface has none. */
  mac: string
  mtu: number
  /** Packets that may wait to be sent (`txqueuelen`); of a TAP, in each of its queues. */
  queueLength: number
  /** IFF_* bits. */
  flags: number
  /** Set up by the administrator (IFF_UP). */
  up: boolean
  carrier: boolean
  /** RFC 2863, in the kernel's words. */
  operState: OperState
  /** The driver's name: `tun`, `veth`, `bridge`; empty for hardware. */
  kind: string
  tun?: TunInfo
  rx: LinkCounters
  tx: LinkCounters
}

/** In the order of IF_OPER_*. */
const operStates = [
  'unknown',
  'notpresent',
  'down',
  'lowerlayerdown',
  'testing',
  'dormant',
  'up',
] as const

export type OperState = (typeof operStates)[number]

/** What `setLink` may change; what is absent stays. */
export interface LinkChange {
  name?: string
  mac?: string
  /** Bytes. */
  mtu?: number
  up?: boolean
  /** The descriptor of the namespace to move to. */
  namespaceFd?: number
  /** The device group (`ip link set … group`). */
  group?: number
}

function header(index: number, flags = 0, change = 0): Uint8Array {
  const bytes = new Uint8Array(HEADER)
  const view = viewOf(bytes)
  view.setInt32(4, index, true)
  view.setUint32(8, flags, true)
  view.setUint32(12, change, true)
  return bytes
}

/** A request about one interface, by index or by name, or about all of them. */
export function encodeLinkQuery(which?: number | string): Uint8Array {
  if (typeof which !== 'string') return header(which ?? 0)
  return encodeBody(header(0), [[IFLA.IFNAME, cString(which)]])
}

/** One message for all: the kernel moves first, then sets MAC, MTU, name and flags, in this order. */
export function encodeLinkChange(index: number, change: LinkChange): Uint8Array {
  const attributes: Attribute[] = []
  if (change.namespaceFd !== undefined) attributes.push([IFLA.NET_NS_FD, u32(change.namespaceFd)])
  if (change.mac !== undefined) attributes.push([IFLA.ADDRESS, parseMac(change.mac)])
  if (change.mtu !== undefined) attributes.push([IFLA.MTU, u32(change.mtu)])
  if (change.name !== undefined) attributes.push([IFLA.IFNAME, cString(change.name)])
  if (change.group !== undefined) attributes.push([IFLA.GROUP, u32(change.group)])
  const mask = change.up === undefined ? 0 : IFF.UP
  return encodeBody(header(index, change.up === true ? IFF.UP : 0, mask), attributes)
}

/** A request about all the interfaces of a device group. */
export function encodeGroupQuery(group: number): Uint8Array {
  return encodeBody(header(0), [[IFLA.GROUP, u32(group)]])
}

/** Bridges report their ports in the same messages; those have a family and are not links. */
export function isLink(payload: Uint8Array): boolean {
  return payload.length >= HEADER && payload[0] === AF.UNSPEC
}

/** @param payload of RTM_NEWLINK or RTM_DELLINK */
export function decodeLink(payload: Uint8Array): Link {
  const view = viewOf(payload)
  const flags = view.getUint32(8, true)
  const attributes = decodeAttributes(payload.subarray(HEADER))
  const mac = attributes.get(IFLA.ADDRESS)
  return {
    index: view.getInt32(4, true),
    name: readCString(attributes.get(IFLA.IFNAME)),
    mac: mac?.length === 6 ? formatMac(mac) : '',
    mtu: readU32(attributes.get(IFLA.MTU)),
    queueLength: readU32(attributes.get(IFLA.TXQLEN)),
    flags,
    up: (flags & IFF.UP) !== 0,
    carrier: readU8(attributes.get(IFLA.CARRIER), (flags & IFF.LOWER_UP) === 0 ? 0 : 1) !== 0,
    operState: operStates[readU8(attributes.get(IFLA.OPERSTATE))] ?? 'unknown',
    ...decodeKind(attributes),
    ...decodeCounters(attributes.get(IFLA.STATS64)),
  }
}

function decodeKind(attributes: Attributes): Pick<Link, 'kind' | 'tun'> {
  const info = decodeAttributes(attributes.get(IFLA.LINKINFO) ?? new Uint8Array())
  const kind = readCString(info.get(IFLA_INFO.KIND))
  const data = info.get(IFLA_INFO.DATA)
  return kind === 'tun' && data !== undefined ? { kind, tun: decodeTun(data) } : { kind }
}

function decodeTun(data: Uint8Array): TunInfo {
  const tun = decodeAttributes(data)
  return {
    type: readU8(tun.get(IFLA_TUN.TYPE)) === 2 ? 'tap' : 'tun',
    persist: readU8(tun.get(IFLA_TUN.PERSIST)) !== 0,
    multiQueue: readU8(tun.get(IFLA_TUN.MULTI_QUEUE)) !== 0,
    queues: readU32(tun.get(IFLA_TUN.NUM_QUEUES)) + readU32(tun.get(IFLA_TUN.NUM_DISABLED_QUEUES)),
  }
}

/** struct rtnl_link_stats64: u64 rx, tx of packets, bytes, errors and dropped, in this order. */
function decodeCounters(stats: Uint8Array | undefined): Pick<Link, 'rx' | 'tx'> {
  const view = stats === undefined || stats.length < 64 ? undefined : viewOf(stats)
  const at = (index: number) => Number(view?.getBigUint64(index * 8, true) ?? 0n)
  return {
    rx: { packets: at(0), bytes: at(2), errors: at(4), dropped: at(6) },
    tx: { packets: at(1), bytes: at(3), errors: at(5), dropped: at(7) },
  }
}
