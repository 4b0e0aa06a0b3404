/** What a port's settings come to as the numbers that the dataplane reads. */
import { parseMac, parsePrefix } from '../config/address.js'
import type { Guard, Limits, PortPolicy, VlanPolicy } from '../config/types.js'
import { Binding, ControlFrame, METERS, Meter, PortFlag, type Words } from './abi.js'

/** Where a port's mirrored frames go, by port number. */
export interface Mirrors {
  receive?: number | undefined
  transmit?: number | undefined
}

export interface BoundAddress {
  kind: number
  /** Bits of the address that count. */
  prefix: number
  words: Words
}

/** Nanoseconds a unit and nanoseconds of burst; 0, 0 for no limit. */
export type Rate = readonly [cost: number, burst: number]

const NANOSECONDS = 1e9
/** The burst of a limit in frames: what comes in a tenth of a second, or this many frames. */
const BURST_TIME = NANOSECONDS / 10
const BURST_FRAMES = 32
const NO_LIMIT: Rate = [0, 0]

/** Bits of PortFlag for a port's policy. */
export function flagsOf(policy: PortPolicy, mirrors: Mirrors, target: boolean): number {
  const { flood, limits, vlan } = policy
  const storm = limits.broadcast ?? limits.multicast ?? limits.unknownUnicast
  const set: [boolean, number][] = [
    [policy.isolated, PortFlag.ISOLATED],
    [!policy.learning, PortFlag.NO_LEARNING],
    [policy.locked, PortFlag.LOCKED],
    [policy.sticky, PortFlag.STICKY],
    [limits.macs !== undefined, PortFlag.MAC_LIMIT],
    [policy.guard !== undefined, PortFlag.GUARD],
    [storm !== undefined, PortFlag.STORM],
    [limits.receive !== undefined, PortFlag.POLICE_RECEIVE],
    [limits.transmit !== undefined, PortFlag.POLICE_TRANSMIT],
    [mirrors.receive !== undefined, PortFlag.MIRROR_RECEIVE],
    [mirrors.transmit !== undefined, PortFlag.MIRROR_TRANSMIT],
    [target, PortFlag.MIRROR_TARGET],
    [flood.broadcast, PortFlag.FLOOD_BROADCAST],
    [flood.multicast, PortFlag.FLOOD_MULTICAST],
    [flood.unknownUnicast, PortFlag.FLOOD_UNKNOWN],
  ]
  const flags = set.reduce((all, [on, flag]) => all | (on ? flag : 0), 0)
  return flags | (vlan === undefined ? 0 : vlanFlags(vlan))
}

function vlanFlags({ mode, nativeTagged, admit }: VlanPolicy): number {
  return (
    PortFlag.VLAN_AWARE |
    (mode === 'tunnel' ? PortFlag.TUNNEL : 0) |
    (nativeTagged ? PortFlag.NATIVE_TAGGED : 0) |
    (admit === 'tagged' ? PortFlag.ADMIT_TAGGED : 0) |
    (admit === 'untagged' ? PortFlag.ADMIT_UNTAGGED : 0)
  )
}

/** One rate a meter. */
export function ratesOf({
  broadcast,
  multicast,
  unknownUnicast,
  receive,
  transmit,
}: Limits): Rate[] {
  const rates: Rate[] = Array.from({ length: METERS }, () => NO_LIMIT)
  rates[Meter.BROADCAST] = frameRate(broadcast)
  rates[Meter.MULTICAST] = frameRate(multicast)
  rates[Meter.UNKNOWN_UNICAST] = frameRate(unknownUnicast)
  rates[Meter.RECEIVE_OCTETS] = octetRate(receive)
  rates[Meter.RECEIVE_FRAMES] = frameRate(receive?.frames)
  rates[Meter.TRANSMIT_OCTETS] = octetRate(transmit)
  rates[Meter.TRANSMIT_FRAMES] = frameRate(transmit?.frames)
  return rates
}

/** Of frames a second; 0 lets nothing through but what a burst's first moment takes. */
function frameRate(frames: number | undefined): Rate {
  if (frames === undefined) return NO_LIMIT
  const cost = NANOSECONDS / frames
  return [cost, Math.max(BURST_TIME, BURST_FRAMES * cost)]
}

function octetRate(policing: Limits['receive']): Rate {
  if (policing?.bits === undefined) return NO_LIMIT
  const cost = (8 * NANOSECONDS) / policing.bits
  return [cost, (policing.burst ?? 65_536) * cost]
}

export function bindingsOf(guard: Guard | undefined): BoundAddress[] {
  if (guard === undefined) return []
  return [...(guard.macs ?? []).map(macBinding), ...(guard.addresses ?? []).map(addressBinding)]
}

function macBinding(text: string): BoundAddress {
  return { kind: Binding.MAC, prefix: 48, words: wordsOf(parseMac(text)) }
}

function addressBinding(text: string): BoundAddress {
  const { bytes, length } = parsePrefix(text)
  const kind = bytes.length === 4 ? Binding.IPV4 : Binding.IPV6
  return { kind, prefix: length, words: wordsOf(bytes) }
}

/** Up to 16 octets as four little-endian words. */
export function wordsOf(octets: readonly number[] | Uint8Array): Words {
  const bytes = new Uint8Array(16)
  bytes.set(octets)
  const view = new DataView(bytes.buffer)
  const word = (index: number) => view.getUint32(index * 4, true)
  return [word(0), word(1), word(2), word(3)]
}

/** A bit for each reserved address that is let through. */
export function controlFramesOf(names: readonly (keyof typeof ControlFrame)[] = []): number {
  return names.reduce((bits, name) => bits | (1 << ControlFrame[name]), 0)
}
