/** Parts of packets from host A to host B (router-lab.ts), and whether the router passes them. */
import type { BuildName } from './builds.js'
import { join, word } from './frames.js'
import { framed, ipPacket, macText, pattern, readIp, sealed, TCP, UDP } from './ip.js'
import type { Rig } from './rig.js'
import {
  A,
  A6,
  acquaint,
  B,
  B6,
  GATEWAY_A,
  HOST_A,
  HOST_B,
  type LabOptions,
  lab,
} from './router-lab.js'

export type Family = 4 | 6
export const families = [4, 6] as const
const FRAGMENT = 44

export const endsOf = (family: Family) =>
  family === 4
    ? ({ source: A.host, destination: B.host } as const)
    : ({ source: A6.host, destination: B6.host } as const)

export interface Part {
  family: Family
  protocol?: number
  id?: number
  /** Octets, a multiple of 8. */
  offset?: number
  octets: Uint8Array
  more?: boolean
}

/** A part of a packet; that it is the last one has to be said. */
export function part(given: Part): Uint8Array {
  const { family, protocol = UDP, id = 7, offset = 0, octets, more = true } = given
  const ends = endsOf(family)
  if (family === 4) {
    const fragment = (more ? 0x2000 : 0) | (offset / 8)
    return ipPacket({ ...ends, protocol, id, fragment, payload: octets })
  }
  const head = [protocol, 0, ...word(offset | (more ? 1 : 0)), ...word(id >>> 16), ...word(id)]
  return ipPacket({ ...ends, protocol: FRAGMENT, payload: join(head, octets) })
}

/** A UDP datagram or a TCP segment with `data` octets, to be cut. */
export function datagram(family: Family, data: number, destinationPort = 53): Uint8Array {
  const given = { ...endsOf(family), protocol: UDP }
  const head = [...word(4000), ...word(destinationPort), ...word(8 + data), 0, 0]
  return sealed(given, join(head, pattern(data)), 6)
}

export function segment(family: Family, data: number, flags = 2): Uint8Array {
  const given = { ...endsOf(family), protocol: TCP }
  const head = [...word(4000), ...word(80), 0, 0, 0, 1, 0, 0, 0, 0, 5 << 4, flags, 9, 9, 0, 0, 0, 0]
  return sealed(given, join(head, pattern(data)), 16)
}

/** The parts of what a packet holds, cut at these octets. */
export function cut(whole: Uint8Array, given: Omit<Part, 'octets'>, ...at: number[]): Uint8Array[] {
  const begins = [0, ...at]
  return begins.map((offset, index) => {
    const end = begins[index + 1] ?? whole.length
    return part({ ...given, offset, octets: whole.subarray(offset, end), more: end < whole.length })
  })
}

/** Two bridges of large MTU whose hosts the router knows, with connection tracking. */
export function tracked(build: BuildName, options: LabOptions = {}): Rig {
  const capacity = { flows: 64, flows6: 64, ...options.capacity }
  const known = { bridge: 'right', mac: macText(HOST_B) }
  return acquaint(lab(build, { mtuA: 9000, mtuB: 9000, ...options, capacity })).neighbors(
    { ...known, address: B.host },
    { ...known, address: B6.host },
  )
}

/** Sends packets one by one; of each `passed`, the reason it was dropped for, or nothing. */
export function fates(
  lan: Rig,
  packets: readonly Uint8Array[],
  port = 'a',
): (string | undefined)[] {
  return packets.map((packet) => {
    const before = lan.drops()
    lan.inject(port, framed(GATEWAY_A, HOST_A, packet)).run()
    const frames = lan.frames('b')
    for (const frame of frames) readIp(frame)
    const drop = Object.entries(lan.drops()).find(([key, n]) => n !== before[key])
    return drop ? drop[0].split(' ')[1] : frames.length === 1 ? 'passed' : undefined
  })
}
