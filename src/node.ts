/** The library on Linux: a switch on TAP devices, forwarded by worker threads. */
export type { Port, PortState } from './control/port.js'
export { RunningSwitch, type SwitchEvents, startSwitch } from './control/running.js'
export { DeviceError } from './device/error.js'
export * from './index.js'
