/** Hands batches of frames to an interface, and waits until they are due. */
import { attempt } from '../error.js'
import { loadNative, type MemoryHandle, type Native } from '../native.js'
import { kindOf, type PlaceName, stepAt, type Way } from './place.js'

/** Where in the memory the list of frames is, and where the time is written. */
export interface TransmitLayout {
  list: number
  clock: number
}

/** What the generator's sender wants of whom it gives frames to. Of the thread that makes it. */
export class NativeTransmitter {
  readonly #native: Native = loadNative()
  readonly #memory: MemoryHandle
  readonly #clock: Float64Array
  readonly #layout: TransmitLayout
  readonly #fd: number
  readonly #kind: number
  readonly #ours: boolean

  /** @throws DeviceError naming the interface */
  constructor(name: PlaceName, way: Way, memory: ArrayBuffer, layout: TransmitLayout) {
    this.#memory = this.#native.attach(new Uint8Array(memory))
    this.#clock = new Float64Array(memory, layout.clock, 1)
    this.#layout = layout
    this.#kind = kindOf(way)
    this.#ours = way.kind === 'packet'
    this.#fd =
      way.kind === 'tap'
        ? way.fd
        : attempt(stepAt(name, 'send on'), () =>
            this.#native.packetSender(way.namespaceFd, way.interfaceIndex, 1),
          )
  }

  get now(): number {
    return this.#clock[0] as number
  }

  wait(deadline: number): void {
    this.#native.awaitTime(this.#memory, this.#layout.clock, deadline)
  }

  send(count: number): number {
    const { list, clock } = this.#layout
    return this.#native.sendFrames(this.#memory, this.#fd, this.#kind, list, count, clock)
  }

  close(): void {
    if (this.#ours) this.#native.close(this.#fd)
  }
}
