/** What a program sees of QEMU's stream framing, octet by octet: written down here, not taken from src. */
import { loadNative } from '../../src/device/native.js'

/** The length of the frame in 4 octets, most significant first, and the frame. */
export function framed(frame: Uint8Array, length = frame.length): Uint8Array {
  const bytes = Buffer.alloc(4 + frame.length)
  bytes.writeUInt32BE(length)
  bytes.set(frame, 4)
  return Uint8Array.from(bytes)
}

export class StreamClient {
  readonly #native = loadNative()
  #unread = Buffer.alloc(0)
  #ended = false

  constructor(readonly fd: number) {}

  /** Octets that went; 0 where there was no room. */
  write(bytes: Uint8Array): number {
    return Math.max(0, this.#native.writeFrame(this.fd, bytes))
  }

  /** All of it. */
  send(bytes: Uint8Array): void {
    const sent = this.write(bytes)
    if (sent !== bytes.length) throw new Error(`${sent} of ${bytes.length} octets went`)
  }

  /** The whole frames that came since the last call. */
  frames(): Uint8Array[] {
    this.#readAll()
    const frames: Uint8Array[] = []
    while (this.#unread.length >= 4) {
      const end = 4 + this.#unread.readUInt32BE()
      if (this.#unread.length < end) break
      frames.push(Uint8Array.from(this.#unread.subarray(4, end)))
      this.#unread = this.#unread.subarray(end)
    }
    return frames
  }

  /** Octets of a frame that has not come whole. */
  get rest(): number {
    return this.#unread.length
  }

  /** Whether the other end hung up. */
  get ended(): boolean {
    this.#readAll()
    return this.#ended
  }

  #readAll(): void {
    const buffer = new Uint8Array(1 << 20)
    while (!this.#ended) {
      const length = this.#read(buffer)
      if (length < 0) return
      this.#ended = length === 0
      this.#unread = Buffer.concat([this.#unread, buffer.subarray(0, length)])
    }
  }

  /** A reset is an end too. */
  #read(buffer: Uint8Array): number {
    try {
      return this.#native.readFrame(this.fd, buffer)
    } catch (error) {
      if ((error as { code?: string }).code === 'ECONNRESET') return 0
      throw error
    }
  }
}
