/** Paths of Unix sockets that we listen on: free or not, ours or not. */
import { rmSync, statSync } from 'node:fs'
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
 * Makes a path free to listen on: the socket that a program left behind when it was killed is
 * removed. `held`: somebody is there; `no-socket`: something else is.
 */
export function clearSocketPath(path: string): 'free' | 'held' | 'no-socket' {
  const found = statSync(path, { throwIfNoEntry: false })
  if (found && !found.isSocket()) return 'no-socket'
  if (isHeld(path)) return 'held'
  rmSync(path, { force: true })
  return 'free'
}

/** The file of a socket of ours, to be removed unless it has become another's. */
export class SocketFile {
  readonly #path: string
  readonly #inode: number | undefined

  /** @param path of a socket that has just been bound */
  constructor(path: string) {
    this.#path = path
    this.#inode = statSync(path, { throwIfNoEntry: false })?.ino
  }

  remove(): void {
    const inode = statSync(this.#path, { throwIfNoEntry: false })?.ino
    if (inode === undefined || inode !== this.#inode) return
    rmSync(this.#path, { force: true })
  }
}
