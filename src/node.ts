/** The library on Linux: a switch on TAP devices, forwarded by worker threads. */
export type { Port, PortState } from './control/port.js'
export type { Applied, ApplyOptions } from './control/reconciler.js'
export { RunningSwitch, type StartOptions, startSwitch } from './control/running.js'
export type { SwitchEvents } from './control/switch-events.js'
export { DeviceError } from './device/error.js'
export * from './index.js'
