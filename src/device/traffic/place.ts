/** An interface that frames are generated onto or received from: found, or a TAP that is made. */
import { parseMac } from '../../config/address.js'
import { LinkspanError } from '../../error.js'
import { DeviceError } from '../error.js'
import { resolveNamespace } from '../namespace.js'
import { SharedNamespace } from '../namespace-share.js'
import type { Link } from '../netlink/link.js'
import { PACKET_HINTS } from '../packet.js'
import { QueueKind } from '../queue.js'
import { TapDevice } from '../tap.js'

/** `eth0`, `web/eth0`, `pid:4242/eth0`, `/run/netns/web/eth0`; `tap:` before it: a TAP, made where there is none. */
export interface PlaceName {
  text: string
  tap: boolean
  netns: string | undefined
  ifname: string
}

export function parsePlace(text: string): PlaceName {
  const tap = text.startsWith('tap:')
  const rest = tap ? text.slice(4) : text
  const slash = rest.lastIndexOf('/')
  const ifname = rest.slice(slash + 1)
  const netns = slash < 0 ? undefined : rest.slice(0, slash)
  if (ifname !== '' && netns !== '') return { text, tap, netns, ifname }
  throw new LinkspanError(
    'USAGE',
    `found ${JSON.stringify(text)}; expected an interface: "eth0", "NAMESPACE/eth0", or "tap:NAMESPACE/NAME" for a TAP`,
  )
}

/** What a thread needs to send or receive there. Plain values. */
export type Way =
  | { kind: 'packet'; namespaceFd: number; interfaceIndex: number }
  | { kind: 'tap'; fd: number }

export interface Place {
  name: PlaceName
  way: Way
  /** As it is when it was opened. */
  link: Link
  mac: Uint8Array
  /** Keeps the namespace until then; a TAP that was made goes. */
  close(): void
}

/** @throws DeviceError that says what is wrong with the interface, and what to do */
export function openPlace(name: PlaceName): Place {
  return name.tap ? openTap(name) : find(name)
}

/** Of one that was made, or that was there: that stays as it is. */
function openTap(name: PlaceName): Place {
  const { netns, ifname } = name
  const create = !exists(name)
  const tap = TapDevice.open({ name: ifname, create, ...(netns !== undefined && { netns }) }, 1)
  const [queue = { fd: -1 }] = tap.queues
  try {
    const link = usable(name, tap.info())
    const way = { kind: 'tap', fd: queue.fd } as const
    return { name, way, link, mac: parseMac(link.mac), close: () => tap.close() }
  } catch (error) {
    tap.close()
    throw error
  }
}

function exists({ netns, ifname }: PlaceName): boolean {
  const namespace = SharedNamespace.acquire(netns)
  try {
    return namespace.routes.link(ifname) !== undefined
  } finally {
    namespace.release()
  }
}

function find(name: PlaceName): Place {
  const namespace = SharedNamespace.acquire(name.netns)
  try {
    const link = usable(name, namespace.routes.link(name.ifname))
    const way = {
      kind: 'packet',
      namespaceFd: namespace.opened.fd,
      interfaceIndex: link.index,
    } as const
    return { name, way, link, mac: parseMac(link.mac), close: () => namespace.release() }
  } catch (error) {
    namespace.release()
    throw error
  }
}

function usable(name: PlaceName, link: Link | undefined): Link {
  const where = resolveNamespace(name.netns).label
  const refuse = (code: string, errno: number, why: string): never => {
    const call = { errno, syscall: 'bind', device: name.ifname }
    throw new DeviceError(code, `cannot use '${name.ifname}' in ${where}: ${why}`, call)
  }
  if (link === undefined) {
    return refuse(
      'ENOENT',
      -2,
      `there is no interface of that name; "ip link" lists what there is, and "tap:${name.text}" makes a TAP`,
    )
  }
  if (!/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/.test(link.mac)) {
    return refuse('EINVAL', -22, 'it is no Ethernet interface')
  }
  const inside = name.netns === undefined ? '' : ` -n ${name.netns}`
  if (!link.up) {
    return refuse(
      'ENETDOWN',
      -100,
      `it is down; "ip${inside} link set ${name.ifname} up" sets it up`,
    )
  }
  if (!link.carrier) {
    return refuse(
      'ENETDOWN',
      -100,
      'it has no carrier: what it is connected to is down or not there',
    )
  }
  return link
}

/** What its packet sockets may fail with. */
export const stepAt = ({ netns, ifname }: PlaceName, what: string) => ({
  what: `${what} '${ifname}' in ${resolveNamespace(netns).label}`,
  device: ifname,
  hints: {
    ...PACKET_HINTS,
    ENODEV: 'it has gone',
    ENXIO: 'it has gone',
    ENOMEM: 'there is no memory for its ring',
  },
})

/** Kinds of queue, as sendFrames knows them. */
export const kindOf = (way: Way): number => (way.kind === 'tap' ? QueueKind.TAP : QueueKind.PACKET)
