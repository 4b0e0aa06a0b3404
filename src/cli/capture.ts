/** `linkspan capture`: frames of a running switch as pcapng, for tcpdump, Wireshark and the like. */
import { createWriteStream } from 'node:fs'
import type { Writable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { LinkspanError } from '../error.js'
import { CaptureReader } from '../packet/capture/reader.js'
import { dissect } from '../packet/dissect/dissect.js'
import { open, type Target } from './client.js'

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
    throw new LinkspanError('INVALID', '-w - writes pcapng: pipe it, as into "tcpdump -nr -"')
  }
  const body = { port, mac, etherType, address, vlan, direction, dropped, snapLength, count }
  const response = await open(options, 'POST', '/v1/capture', body)
  const end = () => response.destroy()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, end)
  const timer = options.duration === undefined ? undefined : setTimeout(end, options.duration)
  const sink = options.write === undefined ? new Lines() : new File(options.write)
  try {
    for await (const chunk of response) await sink.take(chunk as Uint8Array)
  } catch (error) {
    if ((error as { code?: string }).code !== 'ERR_STREAM_PREMATURE_CLOSE') {
      if (!response.destroyed) throw error
    }
  } finally {
    clearTimeout(timer)
    await sink.end()
  }
}

interface Sink {
  take(octets: Uint8Array): Promise<void>
  end(): Promise<void>
}

/** Octets as they come, into a file or standard output. */
class File implements Sink {
  readonly #out: Writable

  constructor(path: string) {
    this.#out = path === '-' ? process.stdout : createWriteStream(path, { mode: 0o600 })
  }

  async take(octets: Uint8Array): Promise<void> {
    if (this.#out.write(octets)) return
    // So that the switch sees that this client is slow.
    await new Promise((resolve) => this.#out.once('drain', resolve))
  }

  async end(): Promise<void> {
    if (this.#out === process.stdout) return
    this.#out.end()
    await finished(this.#out)
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
