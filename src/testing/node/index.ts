/// <reference lib="esnext.disposable" preserve="true" />
/**
 * `linkspan/testing/node`: sockets, servers, agents and names of Node's own shapes over the hosts of a lab, and
 * what timers there are in Node's modules.
 */
import './compression.js'
import './timers.js'

export { type ConnectorOptions, connector, labAgent, labHttpsAgent } from './agent.js'
export {
  createSocket,
  type DatagramSocketType,
  LabDatagramSocket,
  type LabDatagramSocketOptions,
  type NodeDatagramSocket,
  type RemoteInfo,
} from './dgram.js'
export type { SystemError } from './errors.js'
export { type Lookup, type LookupAddress, type LookupOptions, lookup } from './lookup.js'
export { connectTls, type LabTlsOptions } from './secure.js'
export { type ServeOptions, serve } from './serve.js'
export {
  createServer,
  type LabListenOptions,
  LabServer,
  type LabServerOptions,
  type NodeServer,
} from './server.js'
export { connect, connect as createConnection, LabSocket, type NodeSocket } from './socket.js'
export type { LabConnectOptions, LabSocketOptions } from './socket-options.js'
