/** What a config is, before (`ConfigInput`) and after (`Config`) it was checked and filled in. */
import type * as z from 'zod'
import type { memorySchema, routeSchema, tapSchema } from './device-schema.js'
import type { controlSchema, fdbSchema, programSchemas } from './schema.js'

type Frozen<T> = T extends object ? { readonly [K in keyof T]: Frozen<T[K]> } : T
type Parsed = z.output<typeof programSchemas.config>

/** What a program may give; what a YAML file holds is a part of it. */
export type ConfigInput = z.input<typeof programSchemas.config>
export type BridgeInput = z.input<typeof programSchemas.bridge>
export type PortInput = z.input<typeof programSchemas.port>

/** Sizes of what is set up at start; `arena` is bytes, each worker. */
export type Capacity = Frozen<Parsed['capacity'] & { maxWorkers: number }>
/** `ageing` is milliseconds; `mtu` is absent when the bridge sets no limit. */
export type Bridge = Frozen<z.output<typeof programSchemas.bridge>>
export type Route = Frozen<z.output<typeof routeSchema>>
/** `mtu` is absent exactly when `create` is false: the device's own counts then. */
export type TapDevice = Frozen<z.output<typeof tapSchema>>
export type MemoryDevice = Frozen<z.output<typeof memorySchema> & { mtu: number }>
export type Device = TapDevice | MemoryDevice
export type Port = Frozen<Omit<z.output<typeof programSchemas.port>, 'device'>> & {
  readonly device: Device
}
/** A static FDB entry. */
export type StaticEntry = Frozen<z.output<typeof fdbSchema>>
/** `mode` is the octal digits as text. */
export type Control = Frozen<z.output<typeof controlSchema>>

/**
 * A config that is whole: every default filled in, every address in canonical text, durations in
 * milliseconds, frozen all through. `bridges` and `ports` have no prototype, so that looking up a
 * port called `constructor` finds a port or nothing. It is plain data: as JSON it is a ConfigInput.
 */
export interface Config {
  readonly version: 1
  readonly workers: 'auto' | number
  readonly capacity: Capacity
  readonly bridges: Readonly<Record<string, Bridge>>
  readonly ports: Readonly<Record<string, Port>>
  readonly fdb: readonly StaticEntry[]
  readonly control: Control
}
