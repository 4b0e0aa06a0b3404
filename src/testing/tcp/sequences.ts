/**
 * Where sequence numbers and timestamps of a connection begin. Nobody guesses them (RFC 6528, RFC 7323 7.1),
 * but of two connections between the same ports the later one has the higher ones, so that an other end
 * in TIME-WAIT knows it for a new one (RFC 6191).
 */
import type { Keeper } from '../../memento/keeper.js'
import type { Address, Network } from '../host/network.js'
import type { Ends } from './errors.js'

/** RFC 6528 3: sequence numbers go on by one in 4 µs. */
const TICKS_PER_MS = 250

export class Sequences {
  /** Of the host's generator, once there is a connection. */
  #keys: readonly [number, number] | undefined
  /** What connections that are over have used: between two of them no time may pass at all. */
  #used = 0

  constructor(private readonly network: Network) {}

  get #key(): readonly [number, number] {
    this.#keys ??= [this.network.random(), this.network.random()]
    return this.#keys
  }

  /** The first sequence number, u32. */
  initial({ localAddress, localPort, remoteAddress, remotePort }: Ends): number {
    const [, key] = this.#key
    const ports = mixed(key, (localPort << 16) | remotePort)
    const ticks = Math.floor(this.network.clock.now * TICKS_PER_MS) + this.#used
    return (hash(ports, localAddress, remoteAddress) + (ticks % 2 ** 32)) >>> 0
  }

  /** What is added to the clock for timestamps, u32: the same for all connections between two addresses. */
  stampOffset({ localAddress, remoteAddress }: Ends): number {
    const [key] = this.#key
    return hash(key, localAddress, remoteAddress) >>> 0
  }

  /** A connection is over that has used so many sequence numbers. */
  used(count: number): void {
    this.#used += count
  }

  /** @internal */
  keep(keeper: Keeper): void {
    keeper.values([this.#keys, this.#used], (...kept) => {
      ;[this.#keys, this.#used] = kept
    })
  }
}

function hash(key: number, local: Address, remote: Address): number {
  let value = key
  for (const { bytes } of [local, remote]) {
    for (const octet of bytes) value = mixed(value, octet)
  }
  return value
}

/** The final mix of MurmurHash3, of what was and one word more. */
function mixed(hash: number, word: number): number {
  let value = Math.imul(hash ^ word, 0x9e3779b1)
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b)
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35)
  return value ^ (value >>> 16)
}
