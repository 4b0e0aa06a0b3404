/** The control side of a packet device: an interface that exists, read and written as it is. */
import { constants } from 'node:os'
import type { Device, DeviceInfo, DeviceLinkEvent } from './device.js'
import { attempt, DeviceError } from './error.js'
import { Interface, linkInfo } from './interface.js'
import { resolveNamespace } from './namespace.js'
import { SharedNamespace } from './namespace-share.js'
import { loadNative } from './native.js'
import type { Link } from './netlink/link.js'
import { Offload } from './offload.js'
import { type Queue, QueueKind } from './queue.js'
import { receiveQueueOf } from './receive-queue.js'

export interface PacketOptions {
  /** The interface's name. */
  name: string
  /** A name in /run/netns, a path, or `pid:N`; absent: our own. */
  netns?: string | undefined
  /** Takes in what is for other stations too: what a bridge needs. */
  promiscuous: boolean
}

/** What opening one may fail with. */
export const PACKET_HINTS = {
  EPERM: 'it takes CAP_NET_RAW, and CAP_SYS_ADMIN for another namespace: run as root',
  EACCES: 'it takes CAP_NET_RAW: run as root',
}

/**
 * A packet socket on an interface. The interface stays as it is, but for promiscuous mode, which
 * ends with the socket. The socket keeps a foreign namespace alive: when that is gone by its name,
 * `onGone` says so, and the device has to be closed.
 */
export class PacketDevice implements Device {
  readonly queues: readonly Queue[]
  readonly offloads: number
  readonly #interface: Interface
  readonly #fd: number
  #drops = 0
  #closed = false

  private constructor(at: Interface, { fd, kind }: Queue) {
    this.#interface = at
    this.#fd = fd
    this.queues = [{ fd, kind }]
    this.offloads = offloadsOf(kind)
  }

  /** @throws DeviceError naming step, interface and namespace; ENOENT where there is none of the name */
  static open(options: PacketOptions): PacketDevice {
    const namespace = SharedNamespace.acquire(options.netns)
    try {
      const { index } = find(options, namespace)
      const queue = attempt(step(options), () => openQueue(options, namespace, index))
      return new PacketDevice(new Interface(options.netns, namespace, index), queue)
    } catch (error) {
      namespace.release()
      throw error
    }
  }

  info(): DeviceInfo | undefined {
    const link = this.#interface.link()
    const queue = this.#closed ? undefined : receiveQueueOf(this.queues)
    return link && { ...linkInfo(link), kernelDrops: this.#countDrops(), queue }
  }

  /** The kernel forgets its count when it is asked. */
  #countDrops(): number {
    if (!this.#closed) this.#drops += loadNative().packetDrops(this.#fd)
    return this.#drops
  }

  onLink(callback: (event: DeviceLinkEvent) => void): () => void {
    return this.#interface.onLink(callback)
  }

  onGone(callback: (why: string) => void): void {
    this.#interface.onNamespaceGone(() => callback('its namespace is gone'))
  }

  /** A socket whose interface goes is bound to none. That the interface is down is no loss. */
  look(): string | undefined {
    if (this.#closed || loadNative().packetInterface(this.#fd) >= 0) return undefined
    return 'its interface was deleted, or moved to another namespace'
  }

  releaseNamespace(): void {
    this.#interface.release()
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.releaseNamespace()
    loadNative().close(this.#fd)
  }

  [Symbol.dispose](): void {
    this.close()
  }
}

function step({ name, netns }: PacketOptions) {
  const what = `open a packet socket on '${name}' in ${resolveNamespace(netns).label}`
  return { what, device: name, hints: PACKET_HINTS }
}

function find(options: PacketOptions, { routes }: SharedNamespace): Link {
  const link = routes.link(options.name)
  if (link === undefined) {
    const advice = `"ip link" lists what there is; with missing: wait the port waits for it`
    throw refusal(options, 'ENOENT', `there is no interface of that name; ${advice}`)
  }
  // A tunnel of IP packets has another address or none.
  if (!/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/.test(link.mac)) {
    throw refusal(options, 'EINVAL', 'it is no Ethernet interface')
  }
  return link
}

function openQueue(options: PacketOptions, { opened }: SharedNamespace, index: number): Queue {
  const native = loadNative()
  const queue = openSocket(opened.fd, index)
  try {
    if (options.promiscuous) native.packetPromiscuous(queue.fd, index)
    return queue
  } catch (error) {
    native.close(queue.fd)
    throw error
  }
}

/** With the header that the dataplane has, or the shorter one of a kernel before 6.4. */
function openSocket(namespaceFd: number, index: number): Queue {
  const native = loadNative()
  try {
    return { fd: native.packetOpen(namespaceFd, index, 12), kind: QueueKind.PACKET }
  } catch (error) {
    if ((error as { code?: string }).code !== 'ENOPROTOOPT') throw error
    return { fd: native.packetOpen(namespaceFd, index, 10), kind: QueueKind.PACKET_SHORT }
  }
}

/**
 * The kernel finishes on the way out what the interface cannot (net/core/dev.c, validate_xmit_skb),
 * so that no interface has to be asked. UDP super-frames are known to a packet socket since Linux
 * 6.2; one that has the longer header (6.4) has them for sure. ECN is left out: whether CWR is
 * repeated or not is not the same everywhere.
 */
function offloadsOf(kind: number): number {
  const tcp = Offload.CSUM | Offload.TSO4 | Offload.TSO6
  return kind === QueueKind.PACKET ? tcp | Offload.USO : tcp
}

function refusal(options: PacketOptions, code: 'ENOENT' | 'EINVAL', reason: string): DeviceError {
  const call = { errno: -constants.errno[code], syscall: 'bind', device: options.name }
  return new DeviceError(code, `cannot ${step(options).what}: ${reason}`, call)
}
