/** A TCP of ours on a bridge with the kernel's, on real time, with a bad link between. */
import { join as path } from 'node:path'
import type { Clock, Timer } from '../../src/testing/clock/clock.js'
import type { Address, Network } from '../../src/testing/host/network.js'
import { isChecksumRight } from '../../src/testing/tcp/checksum.js'
import { TcpStack } from '../../src/testing/tcp/stack.js'
import { fold, internetSum, pseudoHeaderSum } from './checksum.js'
import { defer } from './cleanup.js'
import { EtherType, station as macOf, TCP, word } from './frames.js'
import { mac as macBytes } from './ip.js'
import { configOf, type Station, station } from './lab.js'
import { directory, up } from './linkspan.js'
import { ip, namespace, within } from './netns.js'
import { type Program, start } from './process.js'
import { Random } from './random.js'
import { address } from './tcp-link.js'
import { Vm } from './vm.js'

class RealClock implements Clock {
  readonly #start = performance.now()
  readonly timers = new Set<Timer>()

  get now(): number {
    return performance.now() - this.#start
  }

  after(ms: number, run: () => void): Timer {
    const handle = setTimeout(() => {
      this.timers.delete(timer)
      run()
    }, ms)
    const timer = {
      cancel: () => {
        this.timers.delete(timer)
        clearTimeout(handle)
      },
    }
    this.timers.add(timer)
    return timer
  }
}

/** Chances, of either direction. */
export interface Harm {
  loss: number
  duplicate: number
  /** A frame is overtaken by the next. */
  overtaken: number
}

const OUR_MAC = macOf(77)

export class KernelPeer {
  readonly clock = new RealClock()
  readonly random = new Random(5)
  readonly stack: TcpStack
  harm: Harm = { loss: 0, duplicate: 0, overtaken: 0 }
  /** Frames with TCP, both ways. */
  seen = 0
  readonly ours: { 4: Address; 6: Address }
  readonly kernel: { 4: Address; 6: Address }
  readonly #late = { in: [] as (() => void)[], out: [] as (() => void)[] }

  constructor(
    readonly vm: Vm,
    readonly at: Station,
  ) {
    this.ours = { 4: address('10.77.0.99'), 6: address('fd77::99') }
    this.kernel = { 4: address(at.ip4), 6: address(at.ip6) }
    const network: Network = {
      clock: this.clock,
      random: () => this.random.word(),
      sourceFor: ({ family }) => this.ours[family],
      mtuTo: () => 1500,
      send: (_, from, to, segment, checksumAt) => this.#send(from, to, segment, checksumAt),
    }
    this.stack = new TcpStack(network, { host: 'ours', defaults: { msl: 50 } })
    vm.onFrame = (frame) => this.#spoil('in', () => this.#receive(frame))
    defer(() => this.stack.close())
  }

  /** Perhaps, or twice, or later. */
  #spoil(way: 'in' | 'out', pass: () => void): void {
    this.seen++
    const { loss, duplicate, overtaken } = this.harm
    if (this.random.chance(loss)) return
    if (this.random.chance(overtaken)) {
      this.#late[way].push(pass)
      return
    }
    pass()
    if (this.random.chance(duplicate)) pass()
    for (const late of this.#late[way].splice(0)) late()
  }

  #send(from: Address, to: Address, segment: Uint8Array, checksumAt: number): void {
    const addresses = Uint8Array.from([...from.bytes, ...to.bytes])
    const sum = pseudoHeaderSum(addresses, TCP, segment.length) + internetSum(segment)
    segment.set(word(~fold(sum) & 0xffff), checksumAt)
    const header = from.family === 4 ? header4(addresses, segment) : header6(addresses, segment)
    const type = from.family === 4 ? EtherType.IPV4 : EtherType.IPV6
    const head = [...macBytes(this.at.mac), ...OUR_MAC, ...word(type), ...header]
    const { length } = segment
    const message = new Uint8Array(4 + head.length + length)
    new DataView(message.buffer).setUint32(0, head.length + length)
    message.set(head, 4)
    message.set(segment, 4 + head.length)
    this.#spoil('out', () => void this.vm.sendRaw(message))
  }

  #receive(frame: Uint8Array): void {
    const view = new DataView(frame.buffer)
    const family = view.getUint16(12) === EtherType.IPV4 ? 4 : 6
    if (view.getUint8(family === 4 ? 23 : 20) !== TCP) return
    const [upper, end] =
      family === 4 ? [34, 14 + view.getUint16(16)] : [54, 54 + view.getUint16(18)]
    const segment = frame.subarray(upper, end)
    const [from, to] = [this.kernel[family], this.ours[family]]
    if (!isChecksumRight(segment, from, to)) throw new Error('a wrong checksum from the kernel')
    this.stack.receive(segment, from, to)
  }

  /** A program of Node's in the kernel's namespace. */
  run(script: string): Program {
    return start(within(this.at.netns, process.execPath, '-e', script))
  }
}

function header4(addresses: Uint8Array, { length }: Uint8Array): number[] {
  const header = [0x45, 0, ...word(20 + length), 0, 0, 0x40, 0, 64, TCP, 0, 0, ...addresses]
  header.splice(10, 2, ...word(~internetSum(Uint8Array.from(header)) & 0xffff))
  return header
}

const header6 = (addresses: Uint8Array, { length }: Uint8Array) => [
  ...[0x60, 0, 0, 0, ...word(length), TCP, 64],
  ...addresses,
]

/** A namespace with a TAP, and ours on a Unix port of the same bridge. */
export async function kernelPeer(): Promise<KernelPeer> {
  const at = station(0)
  namespace(at.netns)
  const socket = path(directory(), 'vm.sock')
  const config = configOf([at])
  const vm = { bridge: 'lan', device: { type: 'unix', path: socket } }
  const running = await up({ ...config, ports: { ...config.ports, vm } })
  const peer = new KernelPeer(await Vm.connect(socket), at)
  await running.portIs('vm', { state: 'up', error: null })
  const mac = [...OUR_MAC].map((octet) => octet.toString(16).padStart(2, '0')).join(':')
  for (const { text } of [peer.ours[4], peer.ours[6]]) {
    ip('-n', at.netns, 'neigh', 'replace', text, 'lladdr', mac, 'dev', 'eth0')
  }
  return peer
}
