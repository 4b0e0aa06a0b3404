/** Errors as Node has them: of system calls, and of wrong use. */
import { getSystemErrorMap } from 'node:util'
import { LinkspanError } from '../../error.js'

export interface SystemError extends Error {
  code: string
  /** The platform's own number, negative. */
  errno: number
  syscall: string
  address?: string
  port?: number
  hostname?: string
}

/** What the errors of the lab's TCP and UDP are called in Node. */
const CODES: Record<string, string> = {
  REFUSED: 'ECONNREFUSED',
  TIMEOUT: 'ETIMEDOUT',
  RESET: 'ECONNRESET',
  UNREACHABLE: 'EHOSTUNREACH',
  EXISTS: 'EADDRINUSE',
  LIMIT: 'EADDRNOTAVAIL',
  INVALID: 'EADDRNOTAVAIL',
}

/** getaddrinfo's own numbers are not among those of the system. */
const NONAME = -3008

export interface Place {
  address?: string
  port?: number
}

/**
 * `connect ECONNREFUSED 10.55.0.3:80`; of `listen` Node says in words what it means, too. Port 0 is none.
 */
export function systemError(
  code: string,
  syscall: string,
  { address, port }: Place = {},
  cause?: unknown,
): SystemError {
  const [errno, words] = known(code)
  const place = address === undefined ? '' : ` ${address}${port ? `:${port}` : ''}`
  const said = syscall === 'listen' ? `: ${words}` : ''
  const text = `${syscall} ${code}${said}${place}`
  const error = new Error(text, cause === undefined ? {} : { cause })
  return Object.assign(error, {
    errno,
    code,
    syscall,
    ...(address !== undefined && { address }),
    ...(port && { port }),
  })
}

/** Its number, and what it is in words. */
function known(code: string): [number, string] {
  for (const [number, [name, words]] of getSystemErrorMap())
    if (name === code) return [number, words]
  return [NONAME, '']
}

/** What an error of the lab is in Node; one that Node has none for, as `IDLE`, is handed on as it is. */
export function nodeError(error: unknown, syscall: string, place?: Place): Error {
  const code = error instanceof LinkspanError ? CODES[error.code] : undefined
  if (code === undefined) return error as Error
  return systemError(code, syscall, place, error)
}

/** The same of what is thrown at once: there is no way at all, as opposed to one on which somebody says so. */
export function thrownError(error: unknown, syscall: string, place: Place): Error {
  const isNoWay = error instanceof LinkspanError && error.code === 'UNREACHABLE'
  return isNoWay
    ? systemError('ENETUNREACH', syscall, place, error)
    : nodeError(error, syscall, place)
}

/** No such host. */
export function notFound(hostname: string): SystemError {
  const error = systemError('ENOTFOUND', 'getaddrinfo')
  error.message = `getaddrinfo ENOTFOUND ${hostname}`
  return Object.assign(error, { hostname })
}

/** Wrong use: `ERR_SOCKET_BAD_PORT` and the like. */
export function usageError<E extends Error>(
  kind: new (message: string) => E,
  code: string,
  message: string,
): E & { code: string } {
  const error = Object.assign(new kind(message), { code })
  return error
}

/** A port as Node takes it, digits too. @throws RangeError `ERR_SOCKET_BAD_PORT` */
export function portOf(value: unknown, name = 'Port', least = 0): number {
  const isNumber = typeof value === 'number' || (typeof value === 'string' && /\S/.test(value))
  const port = isNumber ? Number(value) : Number.NaN
  if (Number.isInteger(port) && port >= least && port < 65_536) return port
  const expected = `${name} should be ${least === 0 ? '>= 0' : '> 0'} and < 65536`
  const text = `${expected}. Received ${String(value)}.`
  throw usageError(RangeError, 'ERR_SOCKET_BAD_PORT', text)
}

/** Of a datagram: only its length can be wrong where it is sent. */
export function sendError(error: LinkspanError, place: Place): Error {
  if (error.code === 'INVALID') return systemError('EMSGSIZE', 'send', place, error)
  return thrownError(error, 'send', place)
}
