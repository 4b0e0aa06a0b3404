/**
 * A short way and the long one: two switches get the same frames, one of which watches for a frame that never
 * comes, and so handles every frame as if somebody looked on.
 */
import { expect } from 'vitest'
import { startCapture, Wants } from './capturing.js'
import { EtherType, station } from './frames.js'
import { arpFrame, ICMPV6, readArp } from './ip.js'
import { advertisement, readNd } from './nd.js'
import { Random } from './random.js'
import type { Offloaded, Rig } from './rig.js'

/** Type of a neighbour solicitation (RFC 4861 section 4.3). */
const SOLICITATION = 135

/** A frame, and the port that it comes in by. */
export interface Given {
  port: string
  frame: Uint8Array | Offloaded
}

export interface Traffic {
  next(): Given
  /** Somebody is somewhere else from now on. */
  move(): void
  /** A frame that left by the uplink, and may be answered. */
  noteLeft(frame: Uint8Array): void
}

type Changes = readonly ((made: Rig) => unknown)[]
/** What comes back by a port where a frame left, which asked who somebody is. */
type Answer = (port: string, frame: Uint8Array) => Uint8Array | undefined

/** Gives both the same, and compares them at every step; the second is watched. */
export function agree(
  [quick, watched]: readonly [Rig, Rig],
  traffic: Traffic,
  changes: Changes,
  answer: Answer,
  { steps, seed }: { steps: number; seed: number },
): void {
  startCapture(watched, 0, { wants: Wants.RECEIVED | Wants.MAC, mac: station(200) })
  const both = [quick, watched] as const
  const random = new Random(seed)
  const ports = [...quick.topology.ports.keys()]
  let left = 0
  for (let step = 0; step < steps; step++) {
    if (random.chance(0.05)) traffic.move()
    if (random.chance(0.4)) {
      const change = random.pick(changes)
      for (const made of both) change(made)
    }
    const most = random.chance(0.03) ? 600 : 60
    const burst = Array.from({ length: 1 + random.below(most) }, () => traffic.next())
    const pause = random.pick([0, 0, 1, 60, 200, 7000, 31_000])
    for (const made of both) {
      for (const { port, frame } of burst) made.inject(port, copyOf(frame))
      made.run().advance(pause)
    }
    for (const port of ports) {
      const sent = quick.sent(port)
      expect(watched.sent(port), `by ${port} in step ${step}`).toEqual(sent)
      const frames = sent.map(({ frame }) => frame)
      const answers = frames.flatMap((frame) => answer(port, frame) ?? [])
      for (const made of both) made.inject(port, ...answers.map((one) => one.slice()))
      if (port === 'wan') for (const frame of frames) traffic.noteLeft(frame)
      left += frames.length
    }
    expect(watched.drops()).toEqual(quick.drops())
    expect(watched.fdb()).toEqual(quick.fdb())
    expect(watched.neighborhood()).toEqual(quick.neighborhood())
    expect(watched.flows()).toEqual(quick.flows())
    expect(watched.events()).toEqual(quick.events())
  }
  for (const port of ports) expect(watched.counters(port)).toEqual(quick.counters(port))
  expect(left).toBeGreaterThan(steps * 10)
}

/**
 * What somebody that is asked for by ARP or neighbour discovery answers, so that neighbours become stale and
 * known again; `ownerOf` tells the MAC of whoever has an address on a port.
 */
export function answerOf(ownerOf: (port: string, address: string) => Uint8Array): Answer {
  return (port, frame) => {
    const asker = frame.slice(6, 12)
    const asked = readArp(frame)
    if (asked?.operation === 'request') {
      const [sender, target] = [asked.target, asked.sender]
      const reply = { operation: 'reply', sender, target, targetMac: asker } as const
      return arpFrame({ ...reply, senderMac: ownerOf(port, sender) })
    }
    const type = (frame[12]! << 8) | frame[13]!
    if (type !== EtherType.IPV6 || frame[20] !== ICMPV6 || frame[54] !== SOLICITATION)
      return undefined
    const read = readNd(frame)
    if (read === undefined || read.source === '::') return undefined
    const from = ownerOf(port, read.target)
    const said = { to: asker, from, source: read.target, destination: read.source }
    return advertisement({ ...said, target: read.target, flags: 0x60, option: [2, from] })
  }
}

function copyOf(given: Uint8Array | Offloaded): Uint8Array | Offloaded {
  return given instanceof Uint8Array ? given.slice() : { ...given, frame: given.frame.slice() }
}
