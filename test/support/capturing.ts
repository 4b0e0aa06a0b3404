/** Captures of a rig, read as control reads them. */
import { parseAddress } from '../../src/config/address.js'
import { drops } from '../../src/dataplane/generated/drops.js'
import { pairOf, type Rig } from './rig.js'

export const Wants = {
  RECEIVED: 1,
  TRANSMITTED: 2,
  DROPPED: 4,
  PORT: 8,
  MAC: 16,
  ETHER_TYPE: 32,
  VLAN: 64,
  ADDRESS: 128,
} as const

export interface Filter {
  wants: number
  port?: string
  mac?: Uint8Array
  etherType?: number
  vlan?: number
  /** An address and how many bits of it count. */
  address?: readonly [text: string, bits: number]
  snap?: number
}

export interface Captured {
  captures: number
  port: string | undefined
  direction: 'in' | 'out'
  drop: string | undefined
  length: number
  time: number
  bytes: Uint8Array
}

export function startCapture(bench: Rig, which: number, filter: Filter): void {
  const { exports } = bench.manager
  const { wants, port, mac, etherType = 0, vlan = 0, address, snap = 0xffff } = filter
  if (address) {
    const { bytes } = parseAddress(address[0])
    const octets = new Uint8Array(16)
    octets.set(bytes)
    const view = new DataView(octets.buffer)
    const [a, b, c, d] = [0, 4, 8, 12].map((at) => view.getUint32(at, true))
    exports.captureAddress(which, bytes.length === 4 ? 4 : 6, address[1], a!, b!, c!, d!)
  }
  const asked = [
    [port, Wants.PORT],
    [mac, Wants.MAC],
    [filter.etherType, Wants.ETHER_TYPE],
    [filter.vlan, Wants.VLAN],
    [address, Wants.ADDRESS],
  ] as const
  const bits = asked.reduce((all, [given, bit]) => all | (given === undefined ? 0 : bit), wants)
  const index = port === undefined ? 0 : bench.indexOf(port)
  const [high, low] = mac ? pairOf(mac) : [0, 0]
  exports.captureStart(which, bits, index, high, low, etherType, vlan, snap)
}

/** Takes all records, oldest first. */
export function captured(bench: Rig): Captured[] {
  const { exports } = bench.manager
  const { buffer } = bench.attachment.memory
  const found: Captured[] = []
  for (let at = exports.captureNext(0) >>> 0; at !== 0; at = exports.captureNext(0) >>> 0) {
    const view = new DataView(buffer, at)
    const reason = view.getUint8(13)
    found.push({
      captures: view.getUint32(4, true),
      port: bench.topology.portName(view.getUint32(8, true)),
      direction: view.getUint8(12) === 1 ? 'in' : 'out',
      drop: drops.find(({ code }) => code === reason)?.name,
      length: view.getUint32(16, true),
      time: view.getFloat64(24, true),
      bytes: new Uint8Array(buffer, at + 32, view.getUint32(20, true)).slice(),
    })
    exports.captureDone(0)
  }
  return found
}
