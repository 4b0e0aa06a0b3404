// The packet path in C (bench/reference/pipeline), over a copy of the module's memory.
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { compiled } from '../compile.js'
import { Background } from '../process.js'
import { writeStream } from './stream.js'

/** Above the static data of the module, which differs between builds and which the twin has none of. */
const DIRECTORY = 0x10000

export class Twin {
  #process
  #dump

  /**
   * @param {Buffer} image of the memory it starts from
   * @param {import('./stream.js').Stream} stream
   * @param {string} folder for files that are removed again
   */
  static async create(image, stream, folder) {
    const [imagePath, streamPath] = ['image', 'stream'].map((name) => join(folder, name))
    writeFileSync(imagePath, image)
    writeStream(stream, streamPath)
    const twin = new Twin(await compiled('pipeline'), imagePath, streamPath, join(folder, 'dump'))
    await twin.run(0, 0) // it has read the files when it answers
    for (const path of [imagePath, streamPath]) rmSync(path)
    return twin
  }

  constructor(program, imagePath, streamPath, dump) {
    this.#process = new Background(program, [imagePath, streamPath])
    this.#dump = dump
  }

  /** As PipelineSwitch's. */
  async run(first, count) {
    this.#process.say(`run ${first} ${count}`)
    const [nanoseconds, entries] = (await this.#process.line()).split(' ').map(Number)
    return { milliseconds: nanoseconds / 1e6, entries }
  }

  /** The memory as it is now. */
  async image() {
    this.#process.say(`dump ${this.#dump}`)
    await this.#process.line()
    const image = readFileSync(this.#dump)
    rmSync(this.#dump)
    return image
  }

  stop() {
    return this.#process.stop()
  }
}

/** The offset of the first octet in which two memories differ, or undefined. */
export function difference(image, other) {
  const [a, b] = [image, other].map((bytes) => bytes.subarray(DIRECTORY))
  if (a.equals(b)) return undefined
  return DIRECTORY + a.findIndex((octet, index) => octet !== b[index])
}
