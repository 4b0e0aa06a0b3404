/**
 * The pcap device: frames of a capture file come into the switch, frames that leave it are written
 * to another. The switch sees one end of a pair of sockets; the files are control's.
 */

import { constants } from 'node:os'
import type { Device, DeviceInfo } from './device.js'
import { attempt, DeviceError } from './error.js'
import { loadNative } from './native.js'
import { Offload } from './offload.js'
import { CaptureInput, isSameFile } from './pcap/files.js'
import { PairEnd } from './pcap/pair.js'
import { Recording } from './pcap/recording.js'
import { Replay } from './pcap/replay.js'
import { type Pace, PcapSource } from './pcap/source.js'
import { type Queue, QueueKind } from './queue.js'

export interface PcapOptions {
  /** Path of a pcap or pcapng file. */
  read?: string | undefined
  /** Path of a file that is made anew, pcapng. */
  write?: string | undefined
  pace: Pace
  /** Octets. */
  mtu: number
  /** The port's name, the interface's in the file. */
  port?: string | undefined
}

/** A super-frame is written as it is, and every checksum completed. */
const ALL_OFFLOADS = Object.values(Offload).reduce((all, bit) => all | bit, 0)

type Notice = (event: string, detail: object) => void

export class PcapDevice implements Device {
  readonly queues: readonly Queue[]
  readonly offloads = ALL_OFFLOADS
  readonly #options: PcapOptions
  readonly #switchFd: number
  readonly #end: PairEnd
  readonly #input: CaptureInput | undefined
  #source: PcapSource | undefined
  readonly #replay: Replay | undefined
  readonly #recording: Recording | undefined
  #notice: Notice = () => {}
  #gone: (why: string) => void = () => {}
  #looks = 0
  #closed = false

  private constructor(options: PcapOptions) {
    const { read, write } = options
    this.#options = options
    if (read !== undefined) this.#input = new CaptureInput(read)
    try {
      if (write !== undefined) this.#recording = this.#openRecording(write)
      const step = { what: 'make a pair of sockets', device: read ?? write ?? 'pcap' }
      const pair = attempt(step, () => loadNative().pairCreate())
      this.#switchFd = pair.switch
      this.#end = new PairEnd(pair.program)
    } catch (error) {
      this.#input?.close()
      this.#recording?.close()
      throw error
    }
    this.queues = [{ fd: this.#switchFd, kind: QueueKind.PAIR }]
    if (this.#input) this.#replay = this.#openReplay(this.#input)
    this.#end.onFrame((frame) => this.#record(frame))
  }

  /** @throws DeviceError that names the file; nothing is left behind then, but a file it made */
  static open(options: PcapOptions): PcapDevice {
    const { read, write } = options
    if (read !== undefined && write !== undefined && isSameFile(read, write)) {
      const call = { errno: -constants.errno.EINVAL, syscall: 'open', device: write }
      const why = 'it is the file that is read'
      throw new DeviceError('EINVAL', `cannot write the capture file '${write}': ${why}`, call)
    }
    return new PcapDevice(options)
  }

  #openRecording(path: string): Recording {
    return Recording.open(path, {
      onError: (why) => this.#lost(why),
      onDrop: () => {
        this.#notice('frames are lost: the capture file is written too slowly', { file: path })
      },
    })
  }

  #openReplay(input: CaptureInput): Replay {
    const { read = '', pace } = this.#options
    const source = new PcapSource({ pace, now: () => performance.now(), file: read })
    this.#source = source
    const send = (frame: Uint8Array) => this.#end.send(frame)
    return new Replay({ source, read: () => input.read(), send })
  }

  #record(frame: Uint8Array): void {
    this.#recording?.record(frame, {
      interface: this.#options.port ?? 'pcap',
      direction: 'transmit',
    })
  }

  info(): DeviceInfo | undefined {
    return { mtu: this.#options.mtu, up: true, carrier: true }
  }

  /** Its link never changes. */
  onLink(): () => void {
    return () => {}
  }

  onGone(callback: (why: string) => void): void {
    this.#gone = callback
  }

  onNotice(callback: Notice): void {
    this.#notice = callback
  }

  /** The file begins with the second look: by then the port is in the switch, and its neighbours. */
  look(): undefined {
    if (++this.#looks === 2 && this.#replay) this.#run(this.#replay)
    return undefined
  }

  async #run(replay: Replay): Promise<void> {
    try {
      if (await replay.run()) this.#tellEnd()
    } catch (error) {
      this.#lost((error as Error).message)
    } finally {
      this.#input?.close()
    }
  }

  #lost(why: string): void {
    if (!this.#closed) this.#gone(why)
  }

  #tellEnd(): void {
    const { frames, cut, tooLong, truncated } = this.#source as PcapSource
    const file = this.#options.read
    this.#notice('capture file is at its end', {
      ...{ file, frames },
      ...(cut > 0 && { leftOutAsCutShort: cut }),
      ...(tooLong > 0 && { leftOutAsTooLong: tooLong }),
      ...(truncated && { endsInAPacketAt: truncated.offset }),
    })
  }

  /** It stands in no namespace. */
  releaseNamespace(): void {}

  /** What the switch has sent is written before it returns. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#replay?.stop()
    this.#input?.close()
    this.#end.drain((frame) => this.#record(frame))
    this.#end.close()
    loadNative().close(this.#switchFd)
    if (this.#recording) this.#finish(this.#recording)
  }

  #finish(recording: Recording): void {
    try {
      recording.close()
    } catch (error) {
      this.#notice('the end of the capture file is not written', { why: (error as Error).message })
    }
    const { dropped: frames } = recording
    const file = this.#options.write
    if (frames > 0) this.#notice('frames are not in the capture file', { file, frames })
  }

  [Symbol.dispose](): void {
    this.close()
  }
}
