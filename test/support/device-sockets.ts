/** Devices that are sockets, with a program's end that the test reads and writes octet by octet. */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { loadNative } from '../../src/device/native.js'
import { type Queue, QueueKind } from '../../src/device/queue.js'
import { SocketType } from '../../src/device/socket-path.js'
import { openUnix, type UnixOptions } from '../../src/device/unix.js'
import { defer } from './cleanup.js'
import { type Carried, type End, MTU } from './device-ends.js'
import { directory } from './linkspan.js'
import { framed, StreamClient } from './qemu-stream.js'
import { decode, encode, NOTHING } from './virtio.js'

interface Opened {
  queue: Queue
  end: End
}

/** A descriptor that carries messages, with or without virtio-net headers. */
class MessageEnd implements End {
  readonly #native = loadNative()
  readonly #buffer = new Uint8Array(70_000)
  #closed = false

  constructor(
    readonly fd: number,
    readonly headers: boolean,
    readonly path?: string,
  ) {
    defer(() => this.destroy())
  }

  inject({ header, frame }: Carried): boolean {
    return this.#native.writeFrame(this.fd, this.headers ? encode(header, frame) : frame) >= 0
  }

  collect(): Carried[] {
    const taken: Carried[] = []
    for (;;) {
      const length = this.#native.readFrame(this.fd, this.#buffer)
      if (length < 0) return taken
      const bytes = this.#buffer.slice(0, length)
      taken.push(this.headers ? decode(bytes) : { header: NOTHING, frame: bytes })
    }
  }

  down(): void {
    this.destroy()
  }

  destroy(): void {
    if (this.#closed) return
    this.#closed = true
    this.#native.close(this.fd)
    if (this.path !== undefined) rmSync(this.path, { force: true })
  }
}

/** A descriptor that carries frames behind their lengths. */
class StreamEnd implements End {
  readonly #native = loadNative()
  readonly #client: StreamClient
  #closed = false

  constructor(fd: number) {
    this.#client = new StreamClient(fd)
    defer(() => this.destroy())
  }

  inject({ frame }: Carried): boolean {
    const bytes = framed(frame)
    const written = this.#client.write(bytes)
    if (written > 0 && written < bytes.length) throw new Error('a frame was cut: give it more room')
    return written > 0
  }

  collect(): Carried[] {
    return this.#client.frames().map((frame) => ({ header: NOTHING, frame }))
  }

  down(): void {
    this.destroy()
  }

  destroy(): void {
    if (this.#closed) return
    this.#closed = true
    this.#native.close(this.#client.fd)
  }
}

function open(options: UnixOptions): Queue {
  const device = openUnix(options)
  defer(() => device.close())
  return device.queues[0] as Queue
}

/** The device connects, so that both ends are there at once. */
function openConnection(mode: 'stream' | 'seqpacket'): { queue: Queue; fd: number } {
  const native = loadNative()
  const type = mode === 'stream' ? SocketType.STREAM : SocketType.SEQPACKET
  const path = join(directory(), 'socket')
  const listening = native.unixListen(path, type)
  defer(() => native.close(listening))
  const queue = open({ path, mode, listen: false, mtu: MTU })
  return { queue, fd: native.unixAccept(listening, type) }
}

export function openStream(): Opened {
  const { queue, fd } = openConnection('stream')
  return { queue, end: new StreamEnd(fd) }
}

export function openSeqpacket(): Opened {
  const { queue, fd } = openConnection('seqpacket')
  return { queue, end: new MessageEnd(fd, false) }
}

/** Both ends are connected to each other: the kernel then queues more than a few datagrams. */
export function openDatagram(): Opened {
  const native = loadNative()
  const [path, local] = ['network', 'switch'].map((name) => join(directory(), name)) as [
    string,
    string,
  ]
  const end = new MessageEnd(native.unixListen(path, SocketType.DGRAM), false, path)
  const queue = open({ path, local, mode: 'dgram', listen: false, mtu: MTU })
  if (native.unixReach(end.fd, local) !== 0) throw new Error(`${local} cannot be reached`)
  return { queue, end }
}

export function openPair(): Opened {
  const native = loadNative()
  const ends = native.pairCreate()
  defer(() => native.close(ends.switch))
  const queue = { fd: ends.switch, kind: QueueKind.PAIR }
  return { queue, end: new MessageEnd(ends.program, true) }
}
