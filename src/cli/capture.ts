/** `linkspan capture`: frames of a running switch as pcapng, for tcpdump, Wireshark and the like. */
import { type FileHandle, open as openFile } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { LinkspanError } from '../error.js'
import { CaptureReader } from '../packet/capture/reader.js'
import { dissect } from '../packet/dissect/dissect.js'
import { open } from './client.js'
import { writing } from './file.js'
import type { Target } from './target.js'

export interface CaptureOptions extends Target {
  write?: string
  port?: string
  mac?: string
  ethertype?: string
  address?: string
  vlan?: string
  direction?: string
  dropped?: boolean
  snaplen?: number
  count?: number
  duration?: number
}

export async function capture(options: CaptureOptions): Promise<void> {
  const { port, mac, ethertype: etherType, address, vlan, direction, dropped } = options
  const { snaplen: snapLength, count } = options
  if (options.write === '-' && process.stdout.isTTY) {
    throw new LinkspanError('USAGE', '-w - writes pcapng: pipe it, as into "tcpdump -nr -"')
  }
  const body = { port, mac, etherType, address, vlan, direction, dropped, snapLength, count }
  // Before the switch is asked: a file that cannot be made is told at once.
  const sink = options.write === undefined ? new Lines() : await Octets.open(options.write)
  try {
    await receive(await open(options, 'POST', '/v1/capture', body), sink, options.duration)
  } finally {
    await sink.end()
  }
}

/** What the switch has seen when a capture is ended arrives within this, milliseconds. */
const LINGER = 100

/** Until the switch has no more, the time is over, or a signal comes. */
async function receive(
  response: IncomingMessage,
  sink: Sink,
  duration: number | undefined,
): Promise<void> {
  let ended = false
  const end = () => {
    ended = true
    clearTimeout(timer)
    timer = setTimeout(() => response.destroy(), LINGER)
  }
  let timer = duration === undefined ? undefined : setTimeout(end, duration)
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, end)
  try {
    for await (const chunk of response) await sink.take(chunk as Uint8Array)
  } catch (error) {
    if (ended) return
    if (!response.errored || error !== response.errored) throw error
    throw new LinkspanError('CLOSED', 'the switch has ended, and the capture with it')
  } finally {
    clearTimeout(timer)
  }
}

interface Sink {
  take(octets: Uint8Array): Promise<void>
  end(): Promise<void>
}

/** Octets as they come, into a file or standard output. */
class Octets implements Sink {
  readonly #path: string
  /** Undefined: standard output. */
  readonly #file: FileHandle | undefined

  private constructor(path: string, file: FileHandle | undefined) {
    this.#path = path
    this.#file = file
  }

  static async open(path: string): Promise<Octets> {
    if (path === '-') return new Octets(path, undefined)
    return new Octets(path, await writing(path, openFile(path, 'w', 0o600)))
  }

  /** Resolves when they are written, so that the switch sees that this client is slow. */
  async take(octets: Uint8Array): Promise<void> {
    if (this.#file) await writing(this.#path, this.#file.writeFile(octets))
    else await new Promise((resolve) => process.stdout.write(octets, resolve))
  }

  async end(): Promise<void> {
    await this.#file?.close()
  }
}

/** A line a frame, as tcpdump prints them. */
class Lines implements Sink {
  readonly #reader = new CaptureReader()

  async take(octets: Uint8Array): Promise<void> {
    this.#reader.push(octets)
    for (let packet = this.#reader.next(); packet; packet = this.#reader.next()) {
      const seconds = Number((packet.time ?? 0n) / 1000n) / 1e6
      const time = new Date(seconds * 1000).toISOString().slice(11, 23)
      const arrow = packet.direction === 'receive' ? '>' : '<'
      const words = dissect(packet.frame).map(({ text }) => text)
      const comments = packet.comments.map((comment) => ` [${comment}]`).join('')
      console.log(
        `${time} ${packet.interface.name ?? '?'} ${arrow} ${words.join(' | ')}${comments}`,
      )
    }
  }

  async end(): Promise<void> {}
}
