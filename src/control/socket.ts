/** The control socket: where it is, who holds it, who may use it. */
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmdirSync, rmSync } from 'node:fs'
import { userInfo } from 'node:os'
import { dirname, join } from 'node:path'
import { groupId } from '../device/account.js'
import { LONGEST_SOCKET_PATH, lookAtSocketPath } from '../device/socket-path.js'
import { LinkspanError } from '../error.js'

/** The socket of the switch called `name`, for this user. */
export function socketPath(name = 'default'): string {
  if (!/^[\w.-]{1,64}$/.test(name)) {
    throw new LinkspanError(
      'INVALID',
      `found the name "${name}"; expected 1 to 64 letters, digits, ".", "_" or "-"`,
    )
  }
  return `${runtimeDirectory()}/${name}.sock`
}

function runtimeDirectory(): string {
  if (process.getuid?.() === 0) return '/run/linkspan'
  const xdg = process.env.XDG_RUNTIME_DIR
  return xdg ? `${xdg}/linkspan` : `/tmp/linkspan-${userInfo().uid}`
}

/**
 * Makes the path free to listen on: the directory is made, the socket of a switch that was killed
 * is removed. EXISTS if a switch is running there. What would keep us from listening is said here,
 * before anything is started.
 */
export function claimSocket(path: string): void {
  if (Buffer.byteLength(path) > LONGEST_SOCKET_PATH) {
    throw new LinkspanError(
      'INVALID',
      `the socket's path has ${Buffer.byteLength(path)} bytes, a socket's may have ${LONGEST_SOCKET_PATH}: ${path}`,
    )
  }
  const state = lookAtSocketPath(path)
  if (state === 'held') {
    throw new LinkspanError(
      'EXISTS',
      `a switch is already running at ${path}: stop it with "linkspan down", or give this one another --name`,
    )
  }
  makeDirectory(dirname(path))
  if (state === 'no-socket') {
    throw new LinkspanError(
      'EXISTS',
      `${path} is there and is no socket: remove it or use --socket`,
    )
  }
  rmSync(path, { force: true })
}

function makeDirectory(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o755 })
    // Whether something can be made there. Not by access(2), which disregards capabilities.
    rmdirSync(mkdtempSync(join(path, '.linkspan-')))
  } catch (error) {
    const { code = 'EACCES', message } = error as NodeJS.ErrnoException
    throw new LinkspanError(
      code,
      `the control socket cannot be made in ${path} (${message}): name another place with --socket`,
    )
  }
}

/** Who may use the socket. */
export interface SocketGuard {
  /** Octal digits. */
  mode: string
  /** Its number; undefined: the group of the process. */
  gid: number | undefined
}

/** The guard that a config asks for. INVALID if there is no such group. */
export function socketGuard({
  mode,
  group,
}: {
  mode: string
  group?: string | number | undefined
}): SocketGuard {
  try {
    return { mode, gid: group === undefined ? undefined : groupId(group) }
  } catch (error) {
    if (!(error instanceof LinkspanError)) throw error
    throw new LinkspanError(error.code, `control.group: ${error.message}`)
  }
}

/** Lets those use a socket that is being listened on who may. */
export function guardSocket(path: string, { mode, gid }: SocketGuard): void {
  try {
    if (gid !== undefined) chownSync(path, -1, gid)
    chmodSync(path, Number.parseInt(mode, 8))
  } catch (error) {
    const { code = 'EPERM', message } = error as NodeJS.ErrnoException
    throw new LinkspanError(
      code,
      `${path} cannot be given mode ${mode}${gid === undefined ? '' : ` and group ${gid}`} (${message}): change control.group or control.mode, or run as root`,
    )
  }
}
