// What the kernel took in at an interface, read without any command: frames that arrived, whoever sent
// them, and nobody has to receive them.
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { HouseError } from '../../scripts/lib/house.js'
import { Background } from './process.js'

/** How often a counter is looked at until traffic flows, ms, and for how long at most. */
const EVERY = 5
const PATIENCE = 20_000
/** Frames after which traffic flows: more than anybody says unasked. */
const FLOWING = 100

/**
 * rx_packets of an interface.
 *
 * @param {string} text of /proc/net/dev
 * @returns {number} NaN where it has no such interface
 */
export function receivedBy(text, ifname) {
  const line = text.split('\n').find((each) => each.trimStart().startsWith(`${ifname}:`))
  return Number(
    line
      ?.slice(line.indexOf(':') + 1)
      .trim()
      .split(/\s+/)[1],
  )
}

/** The counters of one namespace, which only a process in it sees. */
export class Counters {
  #inside
  #ifname

  /** @param {string} netns @param {string} ifname @param {import('./cleanup.js').Cleanup} cleanup */
  constructor(netns, ifname, cleanup) {
    this.#ifname = ifname
    this.#inside = new Background('ip', ['netns', 'exec', netns, 'cat'])
    cleanup.add(() => this.#inside.stop())
  }

  /** Until it is in the namespace: cat answers from there. */
  async ready(options) {
    this.#inside.say('ready')
    await this.#inside.until(/^ready/, options)
  }

  /** Frames so far, and when that was, ms. */
  look() {
    if (this.#inside.failure) throw this.#inside.failure
    const text = readFileSync(`/proc/${this.#inside.child.pid}/net/dev`, 'utf8')
    return { frames: receivedBy(text, this.#ifname), at: performance.now() }
  }

  /**
   * Counts in a window that begins once traffic flows, and has for a while: what is learnt, begun and
   * compiled at first is not in it.
   *
   * @param {Promise<unknown>} sending ends too early only when it fails
   * @param {object} window seconds
   * @param {number} window.before
   * @param {number} window.seconds
   * @returns {Promise<{frames: number, seconds: number}>}
   */
  async count(sending, { before, seconds }) {
    const first = this.look().frames
    const end = performance.now() + PATIENCE
    const tooEarly = sending.then(() => {
      throw new HouseError('bench: the sender ended before its frames were counted')
    })
    const window = async () => {
      while (this.look().frames < first + FLOWING) {
        if (performance.now() > end) throw new HouseError('bench: none of the frames arrives')
        await sleep(EVERY)
      }
      await sleep(before * 1000)
      const from = this.look()
      await sleep(seconds * 1000)
      const to = this.look()
      return { frames: to.frames - from.frames, seconds: (to.at - from.at) / 1000 }
    }
    return Promise.race([window(), tooEarly])
  }
}
