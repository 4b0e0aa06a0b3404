/** Unix devices: frames through a socket that has a path, to a program such as QEMU. */
import type { Device } from './device.js'
import { ConnectionDevice } from './unix/connection.js'
import { Connector } from './unix/connector.js'
import { DatagramDevice } from './unix/datagram.js'
import { Listener } from './unix/listener.js'
import type { UnixOptions } from './unix/options.js'

export type { UnixOptions } from './unix/options.js'

/** @throws DeviceError naming step and path; nothing is left behind then */
export function openUnix(options: UnixOptions): Device {
  if (options.mode === 'dgram') return new DatagramDevice(options)
  const peers = options.listen ? new Listener(options) : new Connector(options)
  return new ConnectionDevice(options, peers)
}
