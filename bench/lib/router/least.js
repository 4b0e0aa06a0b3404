// The least that a NAT44 must do with the frames of a router, in C (bench/reference/nat).
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { compiled } from '../compile.js'
import { writeStream } from '../pipeline/stream.js'
import { Background } from '../process.js'

export class Least {
  #process
  #dump

  /**
   * @param {Record<'first' | 'answers' | 'traffic', import('../pipeline/stream.js').Stream>} streams
   * @param {number} flows
   * @param {string} folder for files that are removed again
   */
  static async create({ first, answers, traffic }, flows, folder) {
    const paths = ['first', 'answers', 'traffic'].map((name) => join(folder, name))
    for (const [index, stream] of [first, answers, traffic].entries()) {
      writeStream(stream, paths[index])
    }
    const least = new Least(await compiled('nat'), paths, flows, join(folder, 'dump'))
    await least.run(0, 0) // it has read the files when it answers
    for (const path of paths) rmSync(path)
    return least
  }

  constructor(program, paths, flows, dump) {
    this.#process = new Background(program, [...paths, String(flows)])
    this.#dump = dump
  }

  /** As Runner's. */
  async run(first, count) {
    this.#process.say(`run ${first} ${count}`)
    const [nanoseconds, entries] = (await this.#process.line()).split(' ').map(Number)
    return { milliseconds: nanoseconds / 1e6, entries }
  }

  /** The frames of the last burst as they leave, from their virtio-net headers on, one behind the other. */
  async frames() {
    this.#process.say(`dump ${this.#dump}`)
    await this.#process.line()
    const frames = readFileSync(this.#dump)
    rmSync(this.#dump)
    return frames
  }

  stop() {
    return this.#process.stop()
  }
}
