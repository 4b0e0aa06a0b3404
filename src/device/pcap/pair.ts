/** The program's end of a pair (native/pair.c): what a worker reads and writes, frame by frame. */
import { frameOf, VIRTIO_HEADER } from '../../packet/virtio.js'
import { FRAME_ROOM } from '../io.js'
import { loadNative, type WatchHandle } from '../native.js'

/** Frames that are taken before others get their turn: what is not taken in time is lost. */
const TURN = 2048

export class PairEnd {
  readonly #fd: number
  readonly #buffer = new Uint8Array(FRAME_ROOM + VIRTIO_HEADER)
  readonly #message = new Uint8Array(FRAME_ROOM + VIRTIO_HEADER)
  #watch: WatchHandle | undefined

  /** Takes over the descriptor. */
  constructor(fd: number) {
    this.#fd = fd
  }

  /** False while the switch has not read what was sent before. */
  send(frame: Uint8Array): boolean {
    this.#message.set(frame, VIRTIO_HEADER)
    const message = this.#message.subarray(0, VIRTIO_HEADER + frame.length)
    return loadNative().writeFrame(this.#fd, message) >= 0
  }

  /** Has `handler` called with every frame, checksums completed; the view is valid in the call only. */
  onFrame(handler: (frame: Uint8Array) => void): void {
    this.#watch = loadNative().watch(this.#fd, () => this.#receive(handler))
  }

  #receive(handler: (frame: Uint8Array) => void): void {
    for (let taken = 0; taken < TURN && this.#watch; taken++) {
      const length = loadNative().readFrame(this.#fd, this.#buffer)
      // 0: the switch's end is closed, which is readable without end.
      if (length === 0) this.#unwatch()
      if (length <= 0) return
      if (length >= VIRTIO_HEADER) handler(frameOf(this.#buffer.subarray(0, length)))
    }
  }

  /** Takes what is still there, before it is closed. */
  drain(handler: (frame: Uint8Array) => void): void {
    for (;;) {
      const length = loadNative().readFrame(this.#fd, this.#buffer)
      if (length <= 0) return
      if (length >= VIRTIO_HEADER) handler(frameOf(this.#buffer.subarray(0, length)))
    }
  }

  #unwatch(): void {
    if (this.#watch) loadNative().unwatch(this.#watch)
    this.#watch = undefined
  }

  close(): void {
    this.#unwatch()
    loadNative().close(this.#fd)
  }
}
