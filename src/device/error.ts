/** What went wrong with a device, and which system call said so. */
import { LinkspanError } from '../error.js'

/** What Node's own system errors carry. */
export interface SystemCall {
  /** Negative, as Node has it: `-17` for EEXIST. */
  errno: number
  /** `open`, `ioctl(TUNSETIFF)`, `setns`, `RTM_NEWLINK`. */
  syscall: string
  /** The name or path it was about. */
  device: string
}

/** `code` is the errno's name: `EEXIST`, `EPERM`, `ENOENT`. */
export class DeviceError extends LinkspanError {
  override readonly name = 'DeviceError'
  readonly errno: number
  readonly syscall: string
  readonly device: string

  constructor(code: string, message: string, call: SystemCall, options?: ErrorOptions) {
    super(code, message, options)
    this.errno = call.errno
    this.syscall = call.syscall
    this.device = call.device
  }
}

/** The first error, still of its kind, with what went wrong when what was before it was taken back. */
export function withFailures(error: unknown, failures: readonly string[]): unknown {
  if (failures.length === 0) return error
  const { code = 'INVALID', message } = error as Error & { code?: string }
  const told = `${message}; and not everything could be taken back: ${failures.join('; ')}`
  const options = { cause: error }
  return error instanceof DeviceError
    ? new DeviceError(code, told, error, options)
    : new LinkspanError(code, told, options)
}

/** Whether it is an error of a system call: of ours, of the addon's or of Node's. */
export function isSystemError(error: unknown): error is Error & SystemCall & { code: string } {
  return error instanceof Error && 'code' in error && 'errno' in error && 'syscall' in error
}

/** What a step is about, for the reader of the error. */
export interface Step {
  /** What could not be done: `create TAP 'eth0' in namespace 'web'`. */
  what: string
  /** The device's name, the error's `device`. */
  device: string
  /** What it means here, and what to do, by code. */
  hints?: Readonly<Record<string, string>>
}

/** Runs a step; a failed system call in it becomes a DeviceError that says which step it was. */
export function attempt<T>({ what, device, hints = {} }: Step, step: () => T): T {
  try {
    return step()
  } catch (error) {
    if (!isSystemError(error)) throw error
    const hint = hints[error.code]
    const reason = hint === undefined ? error.message : `${hint} (${error.message})`
    const { errno, syscall } = error
    const call = { errno, syscall, device }
    throw new DeviceError(error.code, `cannot ${what}: ${reason}`, call, { cause: error })
  }
}
