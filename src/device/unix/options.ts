/** What a Unix device can be asked for, and how its errors read. */
import { rmSync } from 'node:fs'
import { constants } from 'node:os'
import { attempt, DeviceError, type Step } from '../error.js'
import { LONGEST_SOCKET_PATH, lookAtSocketPath, SocketFile, SocketType } from '../socket-path.js'

export interface UnixOptions {
  path: string
  mode: 'stream' | 'dgram' | 'seqpacket'
  /** False connects to somebody who listens; a datagram socket then also needs `local`. */
  listen: boolean
  /** Of a datagram socket that does not listen: the path that it has itself, and gets answers at. */
  local?: string | undefined
  /** Bytes. */
  mtu: number
}

export function socketType({ mode }: UnixOptions): number {
  const types = {
    stream: SocketType.STREAM,
    seqpacket: SocketType.SEQPACKET,
    dgram: SocketType.DGRAM,
  }
  return types[mode]
}

const denied = 'its directory or the socket belongs to another user: run as that user, or as root'

const taken = 'another program listens there: stop it, or name another path'

/** What listening at a path may fail with. */
export function listening(path: string): Step {
  const missing = 'its directory is not there: make it, or name another path'
  const hints = { ENOENT: missing, ENOTDIR: missing, EADDRINUSE: taken, EACCES: denied }
  return { what: `listen on '${path}'`, device: path, hints }
}

/** What connecting to a path may fail with. */
export function connecting(path: string, mode: string): Step {
  const hints = {
    ENOENT: 'there is no socket; start the program that listens there first, or use missing: wait',
    ENOTDIR: 'there is no such directory',
    ECONNREFUSED: 'nobody listens there any more; start the program that does',
    EPROTOTYPE: `the socket there is no ${mode} socket: change mode to what the other program uses`,
    EAGAIN: 'as many clients as it takes are waiting there already',
    EACCES: denied,
  }
  return { what: `connect to '${path}'`, device: path, hints }
}

/** Makes a path free, makes the socket there, and remembers its file. */
export function bindAt(path: string, bind: () => number): { fd: number; file: SocketFile } {
  checkPath(path)
  const state = attempt(listening(path), () => lookAtSocketPath(path))
  if (state === 'held') throw refusal('EADDRINUSE', path, taken)
  if (state === 'no-socket') {
    throw refusal('EEXIST', path, 'it is there and is no socket: remove it, or name another path')
  }
  if (state === 'stale') attempt(listening(path), () => rmSync(path, { force: true }))
  const fd = bind()
  return { fd, file: new SocketFile(path) }
}

export function checkPath(path: string): void {
  const bytes = Buffer.byteLength(path)
  if (bytes <= LONGEST_SOCKET_PATH) return
  const reason = `its path has ${bytes} bytes; a socket's has ${LONGEST_SOCKET_PATH} at most`
  throw refusal('ENAMETOOLONG', path, reason)
}

function refusal(
  code: 'EADDRINUSE' | 'EEXIST' | 'ENAMETOOLONG',
  path: string,
  reason: string,
): DeviceError {
  const call = { errno: -constants.errno[code], syscall: 'bind', device: path }
  return new DeviceError(code, `cannot ${listening(path).what}: ${reason}`, call)
}
