/** The control side of a TAP device. Frames go through its queues, in the workers. */
import type { Device, DeviceInfo, DeviceLinkEvent } from './device.js'
import { attempt } from './error.js'
import { Interface, linkInfo } from './interface.js'
import { SharedNamespace } from './namespace-share.js'
import { loadNative } from './native.js'
import type { Link } from './netlink/link.js'
import { probeTapOffloads, setTapOffloads } from './offload.js'
import { type Queue, QueueKind } from './queue.js'
import { attachTap } from './tap/attach.js'
import { createTap, type OpenedTap } from './tap/create.js'
import { checkTapOptions, describeTap, type TapOptions } from './tap/options.js'
import { closeQueues } from './tap/queue.js'
import { canUpdateTap, updateTap } from './tap/update.js'

export type { TapOptions, TapRoute } from './tap/options.js'

/**
 * A TAP that was made or attached to, with its queues open and, but for attached ones, its
 * addresses and routes set. It watches its namespace: when the name (or process) is gone or stands
 * for another one, it lets go of the old, so that the kernel can end it; the queues of a device
 * that ended with its namespace report EPOLLERR. (An attached TAP's queues themselves keep a
 * foreign namespace: close the device.)
 */
export class TapDevice implements Device {
  readonly name: string
  readonly netns: string | undefined
  readonly interfaceIndex: number
  /** Non-blocking, with a virtio header of 12 bytes before each frame. */
  readonly queues: readonly Queue[]
  #options: TapOptions
  #ours: boolean
  readonly #opened: OpenedTap
  readonly #interface: Interface
  #offloads: number
  #closed = false

  private constructor(options: TapOptions, namespace: SharedNamespace, opened: OpenedTap) {
    this.name = options.name
    this.netns = options.netns
    this.interfaceIndex = opened.interfaceIndex
    const { queues, writer } = opened
    const other = writer === undefined ? {} : { writer }
    this.queues = queues.map((fd) => ({ fd, kind: QueueKind.TAP, ...other }))
    this.#opened = opened
    this.#options = options
    this.#ours = opened.ours
    this.#offloads = opened.offloads
    this.#interface = new Interface(options.netns, namespace, opened.interfaceIndex)
  }

  /**
   * @param queues 1 to 255; a TAP with a single queue that is attached to gives one
   * @throws DeviceError naming step, device and namespace; nothing is left behind then
   */
  static open(options: TapOptions, queues: number): TapDevice {
    checkTapOptions(options, queues)
    const namespace = SharedNamespace.acquire(options.netns)
    try {
      const open = options.create === false ? attachTap : createTap
      return new TapDevice(options, namespace, open(options, namespace, queues))
    } catch (error) {
      namespace.release()
      throw error
    }
  }

  /** Offload bits that are on. */
  get offloads(): number {
    return this.#offloads
  }

  /** Switches on all that the kernel takes. @returns Offload bits */
  probeOffloads(): number {
    const step = this.#step('probe the offloads of')
    this.#offloads = attempt(step, () => probeTapOffloads(loadNative(), this.#first()))
    return this.#offloads
  }

  /** @param offloads bits that are on from now. Throws EINVAL where the kernel lacks one. */
  setOffloads(offloads: number): void {
    const step = this.#step('set the offloads of')
    attempt(step, () => setTapOffloads(loadNative(), this.#first(), offloads))
    this.#offloads = offloads
  }

  /** What it takes stays what it was. */
  handOver({ finished }: { finished: boolean }): void {
    const step = this.#step('set the offloads of')
    attempt(step, () => setTapOffloads(loadNative(), this.#first(), finished ? 0 : this.#offloads))
  }

  /** Whether `update` can make the interface what other options ask for. */
  canUpdate(to: TapOptions): boolean {
    return this.#interface.namespace !== undefined && canUpdateTap(this.#options, to)
  }

  /**
   * Gives the interface other settings (MAC, MTU, addresses, routes, ownership) while it runs.
   * @returns what takes that back @throws DeviceError naming the setting; nothing has changed then
   */
  update(to: TapOptions): () => void {
    const from = this.#options
    this.#change(from, to)
    return () => this.#change(to, from)
  }

  #change(from: TapOptions, to: TapOptions): void {
    // Gone in the meantime: there is nothing left to change.
    const { namespace } = this.#interface
    if (namespace === undefined || to.create === false) return
    const { routes } = namespace
    checkTapOptions(to, this.queues.length)
    updateTap({ routes, interfaceIndex: this.interfaceIndex, queue: this.#first() }, from, to)
    this.#options = to
    this.#ours = to.persist !== true
  }

  /** The interface as the kernel has it, its counters included; undefined when it is gone. */
  info(): (Link & DeviceInfo) | undefined {
    const link = this.#interface.link()
    // What the interface could not send is what was on its way into the switch.
    const queue = { unit: 'frames', capacity: link?.queueLength ?? 0 } as const
    return link && { ...link, ...linkInfo(link), kernelDrops: link.tx.dropped, queue }
  }

  onLink(callback: (event: DeviceLinkEvent) => void): () => void {
    return this.#interface.onLink(callback)
  }

  /** Calls back once when the namespace is gone by its name (or process), after letting go of it. */
  onNamespaceGone(callback: () => void): void {
    this.#interface.onNamespaceGone(callback)
  }

  /**
   * Of one that was attached to: its queues keep the namespace alive, and only closing them lets it
   * end. One that was made goes with its namespace, which `look` notices.
   */
  onGone(callback: (why: string) => void): void {
    if (this.#options.create === false)
      this.onNamespaceGone(() => callback('its namespace is gone'))
  }

  look(): string | undefined {
    if (loadNative().hasFailed(this.#first(), QueueKind.TAP) === 0) return undefined
    return 'its interface was deleted, or its namespace'
  }

  releaseNamespace(): void {
    this.#interface.release()
  }

  /** A TAP that was made goes, unless it persists; one that was attached to stays. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.releaseNamespace()
    try {
      this.#opened.restore()
    } catch {
      // The device is gone already, and its settings with it.
    }
    closeQueues(loadNative(), this.#opened)
  }

  /** Closes many at the cost of one: each by itself takes the kernel about 20 ms. */
  static closeAll(devices: Iterable<TapDevice>): void {
    const all = [...devices].filter((device) => !device.#closed)
    const doomed = new Map<SharedNamespace, number[]>()
    for (const device of all) {
      const { namespace } = device.#interface
      if (namespace === undefined || !device.#ours) continue
      const indexes = doomed.get(namespace) ?? []
      indexes.push(device.interfaceIndex)
      doomed.set(namespace, indexes)
    }
    try {
      for (const [{ routes }, indexes] of doomed) routes.deleteLinks(indexes)
    } finally {
      // Whatever is still there goes with its last queue, only slower.
      for (const device of all) device.close()
    }
  }

  [Symbol.dispose](): void {
    this.close()
  }

  #first(): number {
    // A number of a closed descriptor may be another file's by now.
    return this.#closed ? -1 : (this.queues[0]?.fd ?? -1)
  }

  #step(verb: string) {
    return { what: `${verb} ${describeTap(this.#options)}`, device: this.name }
  }
}
