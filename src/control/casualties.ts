/**
 * The frames that a worker had in hand when it died: counted as dropped, and kept in a file, since one of
 * them may be why. A trace of that file tells which.
 */
import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import { RECEIVED_SIZE } from '../dataplane/abi.js'
import { drops } from '../dataplane/generated/drops.js'
import type { Attachment } from '../dataplane/instance.js'
import type { Manager } from '../dataplane/manager.js'
import { Recording } from '../device/pcap/recording.js'

export interface Casualty {
  /** The number of the port that they came by. */
  port: number
  frames: readonly Uint8Array[]
}

export interface CasualtyFiles {
  /** Where they are written. */
  directory: string
  /** What their names begin with. */
  name: string
}

/** Files written by one switch, at most: a cause that comes again is in the first of them. */
const FILES_MAX = 16
/** Octets of a frame, at most; a length beyond it was never received. */
const FRAME_MAX = 65_600

const DIED = drops.find(({ name }) => name === 'worker-died')?.code ?? 0

export class Casualties {
  readonly #attachment: Attachment
  readonly #manager: Manager
  readonly #files: CasualtyFiles | undefined
  #written = 0

  /** @param files undefined: they are counted only */
  constructor(attachment: Attachment, manager: Manager, files: CasualtyFiles | undefined) {
    this.#attachment = attachment
    this.#manager = manager
    this.#files = files
  }

  /** Takes what lies in the memory of a worker whose thread has ended, and counts it. */
  take(worker: number): Casualty {
    const { exports, self } = this.#manager
    const [count, port] = [exports.framesInHand(worker), exports.portInHand(worker)]
    if (count > 0) exports.dropReceived(self, port, DIED, count)
    const { buffer } = this.#attachment.memory
    const view = new DataView(buffer)
    const received = exports.received(worker)
    const frames: Uint8Array[] = []
    for (let index = 0; index < count; index++) {
      const descriptor = received + index * RECEIVED_SIZE
      const [address, length] = [
        view.getUint32(descriptor, true),
        view.getUint32(descriptor + 4, true),
      ]
      if (length > FRAME_MAX || address + length > buffer.byteLength) continue
      frames.push(new Uint8Array(buffer, address, length).slice())
    }
    return { port, frames }
  }

  /**
   * Writes them to a file of their own, readable to its owner only.
   *
   * @param port its name @returns the file; undefined where there is nothing to write, or nowhere to
   * @throws DeviceError that names the file
   */
  write({ frames }: Casualty, port: string, worker: number, why: string): string | undefined {
    if (!this.#files || frames.length === 0 || this.#written === FILES_MAX) return undefined
    this.#written += 1
    const { directory, name } = this.#files
    const stamp = new Date().toISOString().replaceAll(/[-:]/g, '')
    const path = join(directory, `${name}-died-${stamp}-${worker}.pcapng`)
    const recording = Recording.open(path)
    for (const [index, frame] of frames.entries()) {
      const comment = `${index + 1} of ${frames.length} that worker ${worker} had in hand when it died: ${why}`
      recording.record(frame, { interface: port, direction: 'receive', comments: [comment] })
    }
    recording.close()
    chmodSync(path, 0o600)
    return path
  }
}
