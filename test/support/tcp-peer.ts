/**
 * One stack of ours, and a test in the place of the other end: it sends segments octet by octet and looks
 * at those that come. Numbers count from either end's SYN, so that data begin at 1.
 */
import type { Network } from '../../src/testing/host/network.js'
import type { TcpConnection } from '../../src/testing/tcp/connection.js'
import type { TcpOptions } from '../../src/testing/tcp/settings.js'
import { type ConnectOptions, TcpStack } from '../../src/testing/tcp/stack.js'
import { join, word } from './frames.js'
import { Random } from './random.js'
import { address } from './tcp-link.js'
import { VirtualClock } from './virtual-clock.js'

const names = ['FIN', 'SYN', 'RST', 'PSH', 'ACK', 'URG'] as const

/** A segment that the stack sent. */
export interface Seen {
  at: number
  flags: string
  /** Ours, from our SYN. */
  sequence: number
  /** Theirs, from their SYN; undefined without the flag. */
  acknowledgment: number | undefined
  window: number
  /** By kind, whole, END and NOP left out. */
  options: Record<number, number[]>
  payload: Uint8Array
  ports: [source: number, destination: number]
}

export interface Sent {
  /** `SYN ACK`; `ACK` if left out. */
  flags?: string
  sequence?: number
  acknowledgment?: number
  window?: number
  options?: readonly number[]
  payload?: Uint8Array | readonly number[]
  ports?: [source: number, destination: number]
}

const long = (value: number): number[] => [...word(value >>> 16), ...word(value & 0xffff)]

/** Of a SYN as everybody sends it: MSS 1460, SACK, timestamps, window scale 7. */
export const usual = (timestamp = 1) => [
  ...[2, 4, ...word(1460)],
  ...[4, 2],
  ...[8, 10, ...long(timestamp), 0, 0, 0, 0],
  ...[1, 3, 3, 7],
]
export const timestamps = (value: number, echo: number) => [
  1,
  1,
  8,
  10,
  ...long(value),
  ...long(echo),
]
/** Of positions of ours. */
export const plainMss = (mss: number) => [2, 4, ...word(mss)]

export class TcpPeer {
  readonly clock = new VirtualClock()
  readonly local = address('10.55.0.1')
  readonly remote = address('10.55.0.2')
  readonly stack: TcpStack
  mtu = 1500
  onSend = () => {}
  /** Our first sequence number, known when it was seen. */
  ours = 0
  theirs = 0xffff_ff00
  ports: [source: number, destination: number] = [80, 0]
  #seen: Seen[] = []

  constructor(defaults: TcpOptions = {}) {
    const random = new Random(9)
    const network: Network = {
      clock: this.clock,
      random: () => random.word(),
      sourceFor: () => this.local,
      mtuTo: () => this.mtu,
      send: (_protocol, _from, _to, segment) => {
        this.#see(segment)
        this.onSend()
      },
    }
    this.stack = new TcpStack(network, { host: 'a', waits: this.clock, defaults })
  }

  #see(bytes: Uint8Array): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    const bits = view.getUint8(13)
    const flags = names.filter((_, bit) => bits & (1 << bit)).join(' ')
    if (flags.includes('SYN')) this.ours = view.getUint32(4)
    const header = (view.getUint8(12) >>> 4) * 4
    this.#seen.push({
      at: this.clock.now,
      flags,
      sequence: (view.getUint32(4) - this.ours) | 0,
      acknowledgment: flags.includes('ACK') ? (view.getUint32(8) - this.theirs) | 0 : undefined,
      window: view.getUint16(14),
      options: optionsOf(bytes.subarray(20, header)),
      payload: bytes.slice(header),
      ports: [view.getUint16(0), view.getUint16(2)],
    })
    if (flags.startsWith('SYN')) this.ports = [view.getUint16(2), view.getUint16(0)]
  }

  /** What it sent since the last time. */
  take(): Seen[] {
    return this.#seen.splice(0)
  }

  /** That, in short: `ACK 1-1461 a1 `. */
  took(): string[] {
    return this.take().map(({ flags, sequence, acknowledgment, payload }) => {
      const end = payload.length > 0 ? `-${sequence + payload.length}` : ''
      const ack = acknowledgment === undefined ? '' : ` a${acknowledgment}`
      return `${flags} ${sequence}${end}${ack}`
    })
  }

  send(sent: Sent): void {
    const { flags = 'ACK', sequence = 1, acknowledgment = 1, window = 65_535 } = sent
    const { options = [], payload = [], ports = this.ports } = sent
    const padded = [...options, ...new Array((4 - (options.length % 4)) % 4).fill(0)]
    const bits = names.reduce((sum, name, bit) => sum | (flags.includes(name) ? 1 << bit : 0), 0)
    const head = [
      ...word(ports[0]),
      ...word(ports[1]),
      ...long((this.theirs + sequence) >>> 0),
      ...(flags.includes('ACK') ? long((this.ours + acknowledgment) >>> 0) : [0, 0, 0, 0]),
      (5 + padded.length / 4) << 4,
      bits,
      ...word(window),
      ...[0, 0, 0, 0],
      ...padded,
    ]
    this.raw(join(head, payload))
  }

  raw(bytes: Uint8Array): void {
    this.stack.receive(bytes, this.remote, this.local)
  }

  /** A connection of ours that is open; what went to and fro until then is forgotten. */
  async opened(
    options: ConnectOptions = {},
    { syn = plainMss(1460), window = 65_535 } = {},
  ): Promise<TcpConnection> {
    const connection = this.stack.connect(this.remote, 80, options)
    this.take()
    this.send({ flags: 'SYN ACK', sequence: 0, window, options: syn })
    await connection.opened
    this.take()
    return connection
  }
}

function optionsOf(bytes: Uint8Array): Record<number, number[]> {
  const found: Record<number, number[]> = {}
  for (let at = 0; at < bytes.length && bytes[at] !== 0; ) {
    if (bytes[at] === 1) {
      at++
      continue
    }
    const length = bytes[at + 1]!
    found[bytes[at]!] = [...bytes.subarray(at, at + length)]
    at += length
  }
  return found
}
