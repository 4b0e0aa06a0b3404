/** The configs of devices as they come out of parsing. */
import type { Device as ParsedDevice, TapDevice as TapDeviceConfig } from '../config/types.js'

export interface PacketDeviceConfig {
  readonly type: 'packet'
  readonly name: string
  readonly netns?: string | undefined
  readonly promiscuous: boolean
  readonly missing: 'error' | 'wait'
}

export interface UnixDeviceConfig {
  readonly type: 'unix'
  readonly path: string
  readonly mode: 'stream' | 'dgram' | 'seqpacket'
  readonly listen: boolean
  readonly local?: string | undefined
  readonly mtu: number
  readonly missing: 'error' | 'wait'
}

/** Of devices that a running switch can have. */
export type DeviceConfig = TapDeviceConfig | PacketDeviceConfig | UnixDeviceConfig

/** Of all devices. */
export type AnyDeviceConfig = ParsedDevice | DeviceConfig
