/** The control side of the underlay: UDP sockets that VXLAN travels by. */
import { formatAddress, isMulticast, isUnspecified, parseAddress } from '../config/address.js'
import { InvalidError } from '../error.js'
import type { Device, DeviceInfo, DeviceLinkEvent } from './device.js'
import { attempt } from './error.js'
import { linkInfo } from './interface.js'
import { resolveNamespace } from './namespace.js'
import { SharedNamespace } from './namespace-share.js'
import { loadNative, type UdpCounters, type UdpErrorRecord, type UdpQueue } from './native.js'
import { type Queue, QueueKind } from './queue.js'
import { receiveQueueOf } from './receive-queue.js'
import { type UdpErrorListener, UdpErrors } from './udp/errors.js'
import { AddressOwner } from './udp/owner.js'

export interface UdpOptions {
  /** One of the host's own, without a prefix length: `192.0.2.10`, `2001:db8::10`. */
  address: string
  /** Where datagrams are received; 4789 is VXLAN's (RFC 7348 8). */
  port: number
  /** A name in /run/netns, a path, or `pid:N`; absent: our own. */
  netns?: string | undefined
  /** TTL or hop limit of datagrams whose header says nothing else: 64. */
  ttl?: number | undefined
  /** Source ports to send from, each a socket: 64. */
  sourcePorts?: number | undefined
}

/**
 * Sockets at one address: a queue a worker to receive by, and source ports that all of them send
 * from. The kernel spreads what comes over the queues by source address and port, so that a flow
 * stays with its worker. Nothing is fragmented (RFC 7348 4.3).
 */
export class UdpDevice implements Device {
  readonly queues: readonly Queue[]
  /** Nothing: segments are made, and inner checksums are completed, before a frame is wrapped. */
  readonly offloads = 0
  /** As addresses are written (RFC 5952). */
  readonly address: string
  readonly port: number
  /** The first of `sourcePorts`. */
  readonly sourcePort: number
  readonly sourcePorts: number
  readonly #owner: AddressOwner
  readonly #errors: UdpErrors
  #closed = false

  private constructor(owner: AddressOwner, sockets: Sockets, [first, ...rest]: UdpQueues) {
    this.#owner = owner
    this.#errors = new UdpErrors(first)
    this.address = sockets.address
    this.port = sockets.port
    this.sourcePort = first.sourcePort
    this.sourcePorts = first.sourcePorts
    this.queues = [first, ...rest].map(({ fd }) => ({ fd, kind: QueueKind.UDP }))
  }

  /**
   * @param workers those that receive, a queue each
   * @throws DeviceError: EADDRNOTAVAIL where no interface has the address, EADDRINUSE where somebody
   *   else has the port; InvalidError on what is no address of a host
   */
  static open(options: UdpOptions, workers: number): UdpDevice {
    const sockets = socketsOf(options)
    const namespace = SharedNamespace.acquire(options.netns)
    try {
      const queues = attempt(step(sockets), () => openAll(sockets, namespace.opened.fd, workers))
      return new UdpDevice(
        new AddressOwner(options.netns, namespace, sockets.address),
        sockets,
        queues,
      )
    } catch (error) {
      namespace.release()
      throw error
    }
  }

  /** Of the interface that has the address. */
  info(): DeviceInfo | undefined {
    if (this.#owner.released) return undefined
    const link = this.#owner.link()
    const kernelDrops = this.#closed ? 0 : this.statistics().drops
    const queue = this.#closed ? undefined : receiveQueueOf(this.queues)
    if (link) return { ...linkInfo(link), kernelDrops, queue }
    const why = `no interface has ${this.address}`
    return { mtu: 0, up: false, carrier: false, why, kernelDrops, queue }
  }

  /**
   * Octets of the IP packets that the interface takes which has the address; undefined while none
   * has. The way to a peer may take less: that is told by `errors`.
   */
  mtu(): number | undefined {
    return this.#owner.link()?.mtu
  }

  /** What became of datagrams, each told once: to whoever asks first, here or by `onError`. */
  errors(): UdpErrorRecord[] {
    return this.#closed ? [] : this.#errors.take()
  }

  /** @returns what stops it */
  onError(listener: UdpErrorListener): () => void {
    return this.#errors.on(listener)
  }

  /** What the kernel dropped before we could read it: `drops` of all queues together. */
  statistics(): UdpCounters {
    const all = this.queues.map(({ fd }) => loadNative().udpStatistics(fd))
    const drops = all.reduce((sum, one) => sum + one.drops, 0)
    return { ...(all[0] as UdpCounters), drops }
  }

  onLink(callback: (event: DeviceLinkEvent) => void): () => void {
    return this.#owner.onLink(callback)
  }

  onGone(callback: (why: string) => void): void {
    this.#owner.onGone(() => callback('its namespace is gone'))
  }

  /** Its sockets stay what they are, whatever becomes of interface and address. */
  look(): undefined {}

  releaseNamespace(): void {
    this.#owner.release()
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.releaseNamespace()
    this.#errors.close()
    for (const { fd } of this.queues) loadNative().close(fd)
  }

  [Symbol.dispose](): void {
    this.close()
  }
}

/** What was asked for, checked. */
interface Sockets extends UdpOptions {
  bytes: Uint8Array
}

type UdpQueues = [UdpQueue, ...UdpQueue[]]

function socketsOf(options: UdpOptions): Sockets {
  const address = parseAddress(options.address)
  if (isUnspecified(address) || isMulticast(address)) {
    throw new InvalidError(JSON.stringify(options.address), 'an address of this host')
  }
  return { ...options, address: formatAddress(address.bytes), bytes: address.bytes }
}

function step({ address, port, netns }: Sockets) {
  const hints = {
    EADDRNOTAVAIL: `no interface there has that address; "ip address" lists them`,
    EADDRINUSE: `somebody else has UDP port ${port} there: another switch, or a vxlan interface ("ip -d link show type vxlan")`,
    EPERM: 'it takes CAP_SYS_ADMIN for another namespace: run as root',
  }
  const what = `open the underlay at ${address} port ${port} in ${resolveNamespace(netns).label}`
  return { what, device: address, hints }
}

/** All or none. Those after the first share its source ports. */
function openAll(
  { bytes, port, ttl, sourcePorts: count }: Sockets,
  namespaceFd: number,
  workers: number,
): UdpQueues {
  const native = loadNative()
  const options = { ttl, count, reuseport: workers > 1 }
  const first = native.udpOpen(namespaceFd, bytes, port, options)
  const queues: UdpQueues = [first]
  try {
    while (queues.length < workers) {
      queues.push(native.udpOpen(namespaceFd, bytes, port, { ...options, share: first.fd }))
    }
    return queues
  } catch (error) {
    for (const { fd } of queues) native.close(fd)
    throw error
  }
}
