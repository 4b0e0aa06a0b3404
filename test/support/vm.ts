/** A virtual machine's end of a stream, as QEMU speaks it; on Node's own sockets. */
import { connect, type Socket } from 'node:net'
import { defer } from './cleanup.js'
import { markOf } from './frames.js'
import { until } from './until.js'

/** What no device may send: a length beyond this says that the stream is out of step. */
const LONGEST = 65_607

export class Vm {
  /** Whether something came that is no frame. */
  broken = false
  /** All that came, unless somebody takes it as it comes. */
  readonly frames: Uint8Array[] = []
  onFrame: (frame: Uint8Array) => void = (frame) => this.frames.push(frame)
  readonly #socket: Socket
  #unread = Buffer.alloc(0)
  #ended = false

  constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', (data) => this.#take(data))
    socket.on('error', () => {})
    socket.on('close', () => {
      this.#ended = true
    })
    socket.on('end', () => {
      this.#ended = true
    })
    defer(() => socket.destroy())
  }

  static async connect(path: string): Promise<Vm> {
    const socket = connect({ path, allowHalfOpen: true })
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve)
      socket.once('error', reject)
    })
    return new Vm(socket)
  }

  async send(frame: Uint8Array): Promise<void> {
    const { length } = frame
    await this.sendRaw(Uint8Array.of(length >>> 24, length >>> 16, length >>> 8, length, ...frame))
  }

  /** Octets as they are. */
  async sendRaw(bytes: Uint8Array): Promise<void> {
    await new Promise<void>((resolve) => this.#socket.write(bytes, () => resolve()))
  }

  #take(data: Buffer): void {
    this.#unread = Buffer.concat([this.#unread, data])
    while (this.#unread.length >= 4) {
      const length = this.#unread.readUInt32BE()
      if (length > LONGEST) this.broken = true
      if (this.broken || this.#unread.length < 4 + length) return
      this.onFrame(Uint8Array.from(this.#unread.subarray(4, 4 + length)))
      this.#unread = this.#unread.subarray(4 + length)
    }
  }

  /** Whether a frame of the test with that mark has come. */
  has(mark: number): boolean {
    return this.frames.some((frame) => frame[12] === 0x88 && markOf(frame) === mark)
  }

  async receives(mark: number): Promise<void> {
    await until(`frame ${mark} to come`, () => this.has(mark))
  }

  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  end(): void {
    this.#socket.destroy()
  }

  halfClose(): void {
    this.#socket.end()
  }

  /** Until the other end hangs up. */
  async ended(): Promise<void> {
    await until('the other end to hang up', () => this.#ended)
  }
}
