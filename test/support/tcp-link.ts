/** Two hosts' TCP and the bad link between them, on a virtual clock: one seed, one course of things. */
import { parseAddress } from '../../src/config/address.js'
import { checksumOf, pseudoSum, sumOf } from '../../src/packet/checksum.js'
import type { Address, Network } from '../../src/testing/host/network.js'
import { isChecksumRight } from '../../src/testing/tcp/checksum.js'
import { put16 } from '../../src/testing/tcp/octets.js'
import { Segment } from '../../src/testing/tcp/segment.js'
import { TcpStack, type TcpStackOptions } from '../../src/testing/tcp/stack.js'
import { join } from './frames.js'
import { Random } from './random.js'
import { VirtualClock } from './virtual-clock.js'

/** Of one direction; chances from 0 to 1, times in ms. */
export interface Impairments {
  delay: number
  /** A segment takes up to so much longer, and may be overtaken. */
  jitter: number
  loss: number
  duplicate: number
  /** One bit flips. */
  corrupt: number
  /** Octets of an IP packet; what is larger is dropped, and its sender told. */
  mtu: number
}

const perfect: Impairments = { delay: 1, jitter: 0, loss: 0, duplicate: 0, corrupt: 0, mtu: 1500 }

export const address = (text: string): Address => ({ ...parseAddress(text), text })

export interface Passing {
  at: number
  from: 'a' | 'b'
  bytes: Uint8Array
}

export interface LinkOptions extends Partial<Impairments> {
  seed?: number
  family?: 4 | 6
  a?: TcpStackOptions
  b?: TcpStackOptions
}

export class TcpLink {
  readonly clock = new VirtualClock()
  readonly random: Random
  readonly addresses: { a: Address; b: Address }
  readonly a: TcpStack
  readonly b: TcpStack
  /** By sender. */
  readonly settings: { a: Impairments; b: Impairments }
  /** Everything that was sent, whatever became of it. */
  readonly sent: Passing[] = []
  /** What to do with a segment instead of passing it on; true: it is gone. */
  intercept: ((passing: Passing, read: Segment) => boolean) | undefined
  /** The path's MTU as the hosts know it. */
  readonly known = { a: 1500, b: 1500 }
  /** Octets of payload and headers are kept only where a test looks at them. */
  keeps = true

  constructor({ seed = 1, family = 4, a, b, ...impairments }: LinkOptions = {}) {
    this.random = new Random(seed)
    const [first, second] = family === 4 ? ['10.55.0.1', '10.55.0.2'] : ['fd55::1', 'fd55::2']
    this.addresses = { a: address(first!), b: address(second!) }
    this.settings = { a: { ...perfect, ...impairments }, b: { ...perfect, ...impairments } }
    this.a = new TcpStack(this.#network('a'), { host: 'a', waits: this.clock, ...a })
    this.b = new TcpStack(this.#network('b'), { host: 'b', waits: this.clock, ...b })
  }

  set(impairments: Partial<Impairments>): void {
    for (const side of ['a', 'b'] as const) Object.assign(this.settings[side], impairments)
  }

  #network(side: 'a' | 'b'): Network {
    return {
      clock: this.clock,
      random: () => this.random.word(),
      sourceFor: () => this.addresses[side],
      mtuTo: () => this.known[side],
      send: (_protocol, from, to, segment, checksumAt) => {
        const addresses = join(from.bytes, to.bytes)
        put16(
          segment,
          checksumAt,
          checksumOf(pseudoSum(addresses, 6, segment.length) + sumOf(segment)),
        )
        this.pass(side, segment)
      },
    }
  }

  /** A segment enters the link at a host. */
  pass(from: 'a' | 'b', bytes: Uint8Array): void {
    const passing = { at: this.clock.now, from, bytes }
    if (this.keeps) this.sent.push(passing)
    if (this.intercept?.(passing, read(bytes))) return
    const settings = this.settings[from]
    if (this.#isTooBig(from, bytes)) return
    if (this.random.chance(settings.loss)) return
    this.#deliver(passing)
    if (this.random.chance(settings.duplicate)) this.#deliver(passing)
  }

  #isTooBig(from: 'a' | 'b', bytes: Uint8Array): boolean {
    const header = this.addresses.a.family === 4 ? 20 : 40
    const { mtu, delay } = this.settings[from]
    if (bytes.length + header <= mtu) return false
    const quoted = bytes.slice(0, 8)
    const to = from === 'a' ? 'b' : 'a'
    this.clock.after(delay, () => {
      this.known[from] = mtu
      const ends = { from: this.addresses[from], to: this.addresses[to] }
      this[from].error({ kind: 'too-big', quoted, ...ends })
    })
    return true
  }

  #deliver({ from, bytes }: Passing): void {
    const { delay, jitter, corrupt } = this.settings[from]
    let arriving = bytes
    if (this.random.chance(corrupt)) {
      arriving = bytes.slice()
      arriving[this.random.below(bytes.length)]! ^= 1 << this.random.below(8)
    }
    const late = jitter === 0 ? 0 : (this.random.word() / 2 ** 32) * jitter
    this.clock.after(delay + late, () => this.arrive(from === 'a' ? 'b' : 'a', arriving))
  }

  /** A segment comes out of the link at a host. */
  arrive(at: 'a' | 'b', bytes: Uint8Array): void {
    const from = this.addresses[at === 'a' ? 'b' : 'a']
    const to = this.addresses[at]
    if (isChecksumRight(bytes, from, to)) this[at].receive(bytes, from, to)
  }
}

/** A segment, taken apart. */
export function read(bytes: Uint8Array): Segment {
  const segment = new Segment()
  if (!segment.read(bytes)) throw new Error('a stack sent a malformed segment')
  return segment
}
