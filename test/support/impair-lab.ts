/** Two stations on a switch, of which one's port is impaired, and marked frames between them. */

import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import type { Way } from '../../src/config/port-impair.js'
import type { DropView } from '../../src/control/view.js'
import { Faults } from '../../src/impair/faults.js'
import { BROADCAST, frame, station as mac, markOf } from './frames.js'
import { type LabOptions, lab, type Station, two } from './lab.js'
import { type Linkspan, up } from './linkspan.js'
import { within } from './netns.js'
import { type PacketSocket, packetSocket } from './packet.js'
import { must } from './process.js'
import { until } from './until.js'

export interface ImpairLab {
  running: Linkspan
  /** Its port is the impaired one. */
  a: Station
  b: Station
  atA: PacketSocket
  atB: PacketSocket
  config: ReturnType<typeof withImpair>
}

export function withImpair(config: { ports: Record<string, object> }, impair: unknown) {
  const { a } = config.ports
  return { ...config, ports: { ...config.ports, a: { ...a, impair } } }
}

/** @param impair of port `a`; undefined for none */
export async function impairLab(
  impair?: unknown,
  { workers = 1, ...options }: LabOptions & { workers?: number } = {},
): Promise<ImpairLab> {
  const { stations, config } = lab(2, { ipv6: false, ...options })
  const [a, b] = two(stations)
  const whole = { ...withImpair(config, impair), workers }
  const running = await up(whole)
  const [atA, atB] = [packetSocket(a.netns), packetSocket(b.netns)]
  return { running, a, b, atA, atB, config: whole }
}

export const LENGTH = 60

/** Marked broadcasts. */
export function send(from: PacketSocket, count: number, first = 0, length = LENGTH): void {
  for (let mark = first; mark < first + count; mark++) {
    if (!from.send(frame(BROADCAST, mac(77), mark, length))) throw new Error('no room to send')
  }
}

/** Collects marks as they come. */
export class Ear {
  readonly marks: number[] = []

  constructor(private readonly socket: PacketSocket) {}

  hear(): number[] {
    const frames = this.socket.take().map(({ frame: bytes }) => bytes)
    // An EtherType for local experiments (IEEE 802).
    const marked = frames.filter((bytes) => bytes[12] === 0x88 && bytes[13] === 0xb5)
    this.marks.push(...marked.map(markOf))
    return this.marks
  }

  async hears(count: number): Promise<number[]> {
    await until(`${count} frames to arrive`, () => this.hear().length >= count)
    return this.marks
  }
}

export async function drops(running: Linkspan, port = 'a'): Promise<Record<string, number>> {
  const all = await running.show<DropView[]>('drops')
  const own = all.filter((drop) => drop.port === port)
  return Object.fromEntries(own.map(({ reason, frames }) => [reason, frames]))
}

/** The marks that come out where `count` frames enter, copies behind their originals. */
export function expected(settings: object, seed: number, direction: Way, count: number): number[] {
  const faults = new Faults({ seed, link: 'a', direction }, settings)
  return Array.from({ length: count }, (_, mark) => {
    return new Array<number>(faults.pass(0, LENGTH).delivered).fill(mark)
  }).flat()
}

/** Milliseconds of the quickest of some answers. */
export async function quickest(from: Station, to: Station): Promise<number> {
  const words = ['ping', '-n', '-q', '-c', '4', '-i', '0.05', '-W', '5', to.ip4]
  const [, least] = /rtt min.* = ([\d.]+)\//.exec(await must(within(from.netns, ...words))) ?? []
  return Number(least)
}

/** Ends of pairs that a process has open: sockets of type SEQPACKET. */
export function pairEnds(pid: number): number {
  const folder = `/proc/${pid}/fd`
  const links = readdirSync(folder).flatMap((fd) => {
    try {
      return [readlinkSync(`${folder}/${fd}`)]
    } catch {
      return [] // closed meanwhile
    }
  })
  const sockets = readFileSync(`/proc/${pid}/net/unix`, 'utf8').split('\n')
  // Num RefCount Protocol Flags Type St Inode Path
  const pairs = sockets.map((line) => line.split(/\s+/)).filter((words) => words[4] === '0005')
  return pairs.filter(([, , , , , , inode]) => links.includes(`socket:[${inode}]`)).length
}
