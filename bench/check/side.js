// One of the two trees: its process for a figure.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { HouseError } from '../../scripts/lib/house.js'

export class Side {
  #child
  #what

  /** @param {string} folder of the tree @param {string} group @param {string} name of the figure */
  constructor(folder, group, name) {
    this.#what = `${name} of ${folder}`
    const stdio = ['ignore', 'ignore', 'pipe', 'ipc']
    this.#child = fork(join(folder, 'bench/check/serve.js'), [group, name], { cwd: folder, stdio })
    this.stderr = ''
    this.#child.stderr.on('data', (chunk) => {
      this.stderr += chunk
    })
  }

  /** What it says next. @throws HouseError when it could not, or has ended */
  async #answer() {
    const ended = new AbortController()
    const { signal } = ended
    const next = once(this.#child, 'message', { signal })
    const end = once(this.#child, 'exit', { signal }).then(() => [
      { error: this.stderr || 'it ended' },
    ])
    const [message] = await Promise.race([next, end]).finally(() => {
      ended.abort()
      for (const each of [next, end]) each.catch(() => {})
    })
    if (message.error !== undefined) throw new HouseError(`${this.#what}: ${message.error}`)
    return message
  }

  /** Waits until it can measure. */
  async ready() {
    await this.#answer()
    return this
  }

  /** @returns {Promise<Record<string, number>>} a value for each contestant's label */
  async measure() {
    this.#child.send('measure')
    return (await this.#answer()).values
  }

  async stop() {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const gone = once(this.#child, 'exit')
    this.#child.disconnect()
    await gone
  }
}
