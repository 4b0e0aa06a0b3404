/**
 * Making a TAP. All queues are opened in our own namespace, under a name that nobody else has, and
 * the device moves when that is done: a queue that is opened in a namespace keeps it alive
 * (drivers/net/tun.c, tun_chr_open), and the device could never go with it.
 */
import { randomBytes } from 'node:crypto'
import { groupId, userId } from '../account.js'
import { attempt } from '../error.js'
import { SharedNamespace } from '../namespace-share.js'
import { loadNative } from '../native.js'
import type { Link } from '../netlink/link.js'
import { probeTapOffloads } from '../offload.js'
import { describeTap, type TapOptions } from './options.js'
import {
  closeQueues,
  openQueues,
  TAP_FLAGS,
  type TapQueues,
  tapHints,
  VNET_HEADER_SIZE,
} from './queue.js'
import { TapSettings } from './settings.js'

export interface OpenedTap extends TapQueues {
  interfaceIndex: number
  /** Offload bits. */
  offloads: number
  /** Whether it goes with its last queue. */
  ours: boolean
  /** What is undone before the queues are closed. */
  restore: () => void
}

const { TAP, MULTI_QUEUE, NO_PI, VNET_HDR, TUN_EXCL } = TAP_FLAGS

/** Whatever fails, nothing is left: the device goes with its last queue. */
export function createTap(
  options: TapOptions,
  namespace: SharedNamespace,
  count: number,
): OpenedTap {
  const native = loadNative()
  const temporary = `lsp${randomBytes(6).toString('hex')}`
  const opened = attempt(step(options, 'create', tapHints), () => openNew(temporary, count))
  try {
    const first = opened.queues[0] ?? -1
    const offloads = attempt(step(options, 'set up the queues of'), () => {
      native.tapSetVnetHeaderSize(first, VNET_HEADER_SIZE)
      return probeTapOffloads(native, first)
    })
    const { index } = place(options, namespace, temporary)
    configure(options, namespace, index)
    // Last, since a device that is persistent would stay after a failure.
    setOwnership(options, first)
    return {
      ...opened,
      interfaceIndex: index,
      offloads,
      ours: options.persist !== true,
      restore: () => {},
    }
  } catch (error) {
    closeQueues(native, opened)
    throw error
  }
}

function step(options: TapOptions, verb: string, hints: Record<string, string> = {}) {
  return { what: `${verb} ${describeTap(options)}`, device: options.name, hints }
}

function openNew(name: string, count: number): TapQueues {
  const native = loadNative()
  // A multi-queue device has room for 256 queues, 6 MB of kernel memory, whether they are opened or not.
  const common = TAP | NO_PI | VNET_HDR | (count > 1 ? MULTI_QUEUE : 0)
  return openQueues(native, count, (first) => {
    return native.tapOpen(name, first ? common | TUN_EXCL : common).fd
  })
}

/** To its namespace and name in one message. @returns it as it is there */
function place(options: TapOptions, { opened, routes }: SharedNamespace, temporary: string): Link {
  const { name } = options
  const own = SharedNamespace.acquire(undefined)
  try {
    const hints = {
      EEXIST: `an interface named ${name} exists there already; remove it, or attach to it with create: false`,
      EPERM: 'it takes CAP_NET_ADMIN in both namespaces: run as root',
    }
    return attempt(step(options, 'move and name', hints), () => {
      const move = opened.fd < 0 ? {} : { namespaceFd: opened.fd }
      own.routes.setLink(indexOf(own, temporary), { ...move, name })
      return found(routes.link(name), name)
    })
  } finally {
    own.release()
  }
}

function indexOf({ routes }: SharedNamespace, name: string): number {
  return found(routes.link(name), name).index
}

function found(link: Link | undefined, name: string): Link {
  if (link !== undefined) return link
  const call = { code: 'ENODEV', errno: -19, syscall: 'RTM_GETLINK' }
  throw Object.assign(new Error(`${name} went away meanwhile`), call)
}

function configure(options: TapOptions, { routes }: SharedNamespace, index: number): void {
  const { mac, mtu, addresses = [] } = options
  const settings = new TapSettings(options, routes, index)
  if (mac !== undefined) settings.setMac(mac)
  if (mtu !== undefined) settings.setMtu(mtu)
  settings.setUp()
  for (const address of addresses) settings.addAddress(address)
  for (const route of options.routes ?? []) settings.addRoute(route)
}

function setOwnership({ owner, group, persist, ...options }: TapOptions, queue: number): void {
  const native = loadNative()
  attempt(step(options, 'set owner, group or persistence of'), () => {
    if (owner !== undefined) native.tapSetOwner(queue, userId(owner))
    if (group !== undefined) native.tapSetGroup(queue, groupId(group))
    if (persist === true) native.tapSetPersist(queue, 1)
  })
}
