/** The pcap device without its timers and files: what comes in and goes out is octets of a capture. */

import { loadNative } from '../../src/device/native.js'
import { PairEnd } from '../../src/device/pcap/pair.js'
import { PcapSink } from '../../src/device/pcap/sink.js'
import { PcapSource } from '../../src/device/pcap/source.js'
import { type Queue, QueueKind } from '../../src/device/queue.js'
import { pcapHeader, pcapRecord } from '../../src/packet/capture/pcap-writer.js'
import { readCapture } from '../../src/packet/capture/reader.js'
import { defer } from './cleanup.js'
import type { Carried, End } from './device-ends.js'
import { NOTHING } from './virtio.js'

class PcapEnd implements End {
  readonly #pair: PairEnd
  readonly #source = new PcapSource({ pace: 'fast', now: () => 0 })
  #closed = false

  constructor(fd: number) {
    this.#pair = new PairEnd(fd)
    this.#source.push(pcapHeader())
    defer(() => this.destroy())
  }

  inject({ frame }: Carried): boolean {
    this.#source.push(pcapRecord(frame, 0n))
    const next = this.#source.peek()
    if (!next) throw new Error('a whole packet was pushed, and none is there')
    const sent = this.#pair.send(next)
    this.#source.shift()
    return sent
  }

  collect(): Carried[] {
    const sink = new PcapSink({ write: async () => {}, now: () => 0n, limit: 1 << 28 })
    this.#pair.drain((frame) => sink.record(frame, { interface: 'out' }))
    return readCapture(sink.finish()).packets.map(({ frame }) => ({ header: NOTHING, frame }))
  }

  down(): void {
    this.destroy()
  }

  destroy(): void {
    if (this.#closed) return
    this.#closed = true
    this.#pair.close()
  }
}

export function openPcap(): { queue: Queue; end: End } {
  const native = loadNative()
  const ends = native.pairCreate()
  defer(() => native.close(ends.switch))
  return { queue: { fd: ends.switch, kind: QueueKind.PAIR }, end: new PcapEnd(ends.program) }
}
