/** Paths of Unix sockets that we listen on: free or not, ours or not. */
import { rmSync, type Stats, statSync } from 'node:fs'
import { loadNative } from './native.js'

/** sun_path of <linux/un.h>, less the terminating NUL; in bytes. */
export const LONGEST_SOCKET_PATH = 107

/** SOCK_* of <bits/socket.h>. */
export const SocketType = { STREAM: 1, DGRAM: 2, SEQPACKET: 5 } as const

/** What a connection is refused with where there is nobody. */
const NOBODY = ['ENOENT', 'ENOTDIR', 'ECONNREFUSED']

/** True if somebody has a socket there, of whatever type, or if we may not know. */
function isHeld(path: string): boolean {
  const native = loadNative()
  try {
    native.close(native.unixConnect(path, SocketType.STREAM))
    return true
  } catch (error) {
    return !NOBODY.includes((error as { code: string }).code)
  }
}

/**
 * What is at a path that is to be listened on. `stale`: the socket of a program that was killed, to
 * be removed. `held`: somebody listens there. `no-socket`: something else.
 */
export function lookAtSocketPath(path: string): 'free' | 'stale' | 'held' | 'no-socket' {
  if (isHeld(path)) return 'held'
  const found = statusOf(path)
  if (!found) return 'free'
  return found.isSocket() ? 'stale' : 'no-socket'
}

/** The file of a socket of ours, to be removed unless it has become another's. */
export class SocketFile {
  readonly #path: string
  readonly #inode: number | undefined

  /** @param path of a socket that has just been bound */
  constructor(path: string) {
    this.#path = path
    this.#inode = statusOf(path)?.ino
  }

  remove(): void {
    const inode = statusOf(this.#path)?.ino
    if (inode === undefined || inode !== this.#inode) return
    rmSync(this.#path, { force: true })
  }
}

/** Undefined where there is nothing, not even a directory for it. */
function statusOf(path: string): Stats | undefined {
  try {
    return statSync(path)
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as { code: string }).code)) return undefined
    throw error
  }
}
