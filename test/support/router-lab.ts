/** Two bridges with a gateway each, a host on both, and what they say to each other. */

import type { BuildName } from './builds.js'
import { station } from './frames.js'
import {
  type ArpMessage,
  arpFrame,
  framed,
  mac,
  type ReadArp,
  type ReadIp,
  readArp,
  readIp,
} from './ip.js'
import { type Options, type Rig, rig } from './rig.js'

export const GATEWAY_A = mac('02:ff:00:00:00:0a')
export const GATEWAY_B = mac('02:ff:00:00:00:0b')
export const HOST_A = station(0xa1)
export const HOST_B = station(0xb1)
export const A = { gateway: '10.1.0.1', host: '10.1.0.2', other: '10.1.0.3' } as const
export const B = { gateway: '10.2.0.1', host: '10.2.0.2', other: '10.2.0.3' } as const
export const A6 = { gateway: 'fd01::1', host: 'fd01::2' } as const
export const B6 = { gateway: 'fd02::1', host: 'fd02::2' } as const

export interface LabOptions extends Options {
  mtuA?: number
  mtuB?: number
  offloads?: boolean
  advertise?: boolean
}

/** Ports `a`, `c` on bridge `left`, port `b` on bridge `right`; announcements are taken. */
export function lab(build: BuildName, options: LabOptions = {}): Rig {
  const { mtuA = 1500, mtuB = 1500, offloads = false, advertise = false, ...rest } = options
  // Without connection tracking: what the router does by itself.
  const capacity = { flows: 0, flows6: 0, ...rest.capacity }
  const made = rig(build, { ...rest, capacity })
  made.port('a', { bridge: 'left', offloads, mtu: 9000 })
  made.port('c', { bridge: 'left', offloads, mtu: 9000 })
  made.port('b', { bridge: 'right', offloads, mtu: 9000 })
  const [a, b] = ['02:ff:00:00:00:0a', '02:ff:00:00:00:0b']
  made.gateway('left', { addresses: ['10.1.0.1/24', 'fd01::1/64'], mac: a, mtu: mtuA, advertise })
  made.gateway('right', { addresses: ['10.2.0.1/24', 'fd02::1/64'], mac: b, mtu: mtuB })
  quiet(made)
  return made
}

/** Lets the announcements of interfaces pass and takes all that was sent. */
export function quiet(made: Rig): Rig {
  made.advance(2000).run()
  made.deliveries()
  return made
}

/** Lets the router know both hosts, by their own requests. */
export function acquaint(made: Rig): Rig {
  made.inject('a', ask(A.host, A.gateway, HOST_A)).run()
  made.inject('b', ask(B.host, B.gateway, HOST_B)).run()
  made.deliveries()
  return made
}

/** A host's request for an address. */
export function ask(sender: string, target: string, senderMac: Uint8Array): Uint8Array {
  return arpFrame({ operation: 'request', sender, target, senderMac })
}

/** A host's answer to the router. */
export function reply(sender: string, target: string, senderMac: Uint8Array, to: Uint8Array) {
  const message: ArpMessage = { operation: 'reply', sender, target, senderMac, targetMac: to }
  return arpFrame(message)
}

export function arps(made: Rig, port: string): ReadArp[] {
  return made.frames(port).flatMap((frame) => readArp(frame) ?? [])
}

/** The packets that left by a port, checked. */
export function packets(made: Rig, port: string): ReadIp[] {
  return made.frames(port).flatMap((frame) => readIp(frame) ?? [])
}

/** Sends a packet from host A to the router. */
export function fromA(made: Rig, ...packet: Uint8Array[]): Rig {
  return made.inject('a', ...packet.map((one) => framed(GATEWAY_A, HOST_A, one))).run()
}

export function fromB(made: Rig, ...packet: Uint8Array[]): Rig {
  return made.inject('b', ...packet.map((one) => framed(GATEWAY_B, HOST_B, one))).run()
}
