/** Whole frames in and out of an interface, by a packet socket in its namespace. */
import { loadNative } from '../../src/device/native.js'
import { defer } from './cleanup.js'
import { ipJson } from './netns.js'
import { decode, encode, NOTHING, type VirtioHeader } from './virtio.js'

const LONGEST = 70_000

export class PacketSocket {
  readonly #native = loadNative()
  readonly #fd: number
  readonly #buffer = new Uint8Array(LONGEST)

  constructor(netns: string, interfaceIndex: number) {
    const { fd } = this.#native.namespaceOpen(`/run/netns/${netns}`)
    try {
      this.#fd = this.#native.packetOpen(fd, interfaceIndex, 12)
    } finally {
      this.#native.close(fd)
    }
  }

  /** False where the interface had no room. */
  send(frame: Uint8Array, header: VirtioHeader = NOTHING): boolean {
    return this.#native.writeFrame(this.#fd, encode(header, frame)) >= 0
  }

  /** The frames that came in since the last call. */
  take(): { header: VirtioHeader; frame: Uint8Array }[] {
    const taken = []
    for (;;) {
      const length = this.#native.readFrame(this.#fd, this.#buffer)
      if (length < 0) return taken
      taken.push(decode(this.#buffer.slice(0, length)))
    }
  }

  close(): void {
    this.#native.close(this.#fd)
  }
}

/** A packet socket on an interface of a namespace, closed after the test. */
export function packetSocket(netns: string, name = 'eth0'): PacketSocket {
  const [link] = ipJson<{ ifindex: number }[]>(netns, 'link', 'show', name)
  const socket = new PacketSocket(netns, link?.ifindex ?? 0)
  defer(() => socket.close())
  return socket
}
