/** The recording that runs, if one does: there is room for one. */
import { LinkspanError } from '../error.js'
import { type RecordHost, RunningRecording } from './recording.js'

export class Recordings {
  #running: RunningRecording | undefined

  /** @throws LinkspanError code `LIMIT` while another runs, or is not read to its end */
  async begin(host: RecordHost): Promise<RunningRecording> {
    if (this.#running) {
      throw new LinkspanError('LIMIT', 'the switch is being recorded already: end that first')
    }
    const recording = new RunningRecording(host, () => {
      this.#running = undefined
    })
    this.#running = recording
    await recording.begin()
    return recording
  }

  /** Ends it: its reader gets what there is, and the end. @throws LinkspanError code `NOT_FOUND` */
  stop(): void {
    if (!this.#running) throw new LinkspanError('NOT_FOUND', 'nothing is being recorded')
    this.#running.stop()
  }

  /** The same, and waits a moment for the reader; does nothing where there is none. */
  async finish(): Promise<void> {
    await this.#running?.finish()
  }

  /** A thread takes a worker's place, or has died in it. */
  threadChanged(worker: number, what: 'starts' | 'died'): void {
    this.#running?.threadChanged(worker, what)
  }
}
