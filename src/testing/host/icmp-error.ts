/** Types and codes of ICMP errors of both families, and what they say (RFC 792, RFC 1812, RFC 4443). */
import type { FailureReason } from './network.js'
import { u16, u32 } from './wire.js'

export const EchoType = { 4: { request: 8, reply: 0 }, 6: { request: 128, reply: 129 } } as const

export const ErrorType = {
  4: { unreachable: 3, timeExceeded: 11, parameter: 12 },
  6: { unreachable: 1, tooBig: 2, timeExceeded: 3, parameter: 4 },
} as const

const UNREACHABLE_4: Readonly<Record<number, FailureReason>> = {
  0: 'network-unreachable',
  1: 'host-unreachable',
  2: 'protocol-unreachable',
  3: 'port-unreachable',
  4: 'too-big',
  6: 'network-unreachable',
  7: 'host-unreachable',
  9: 'prohibited',
  10: 'prohibited',
  13: 'prohibited',
}

const UNREACHABLE_6: Readonly<Record<number, FailureReason>> = {
  0: 'network-unreachable',
  1: 'prohibited',
  3: 'host-unreachable',
  4: 'port-unreachable',
  5: 'prohibited',
  6: 'network-unreachable',
}

export interface ReadError {
  reason: FailureReason
  code: number
  mtu?: number
}

/** What a message says; undefined where it is no error. `message` has 8 octets at least. */
export function readError(family: 4 | 6, message: Uint8Array): ReadError | undefined {
  const [type, code] = [message[0] as number, message[1] as number]
  const reason = family === 4 ? reason4(type, code) : reason6(type, code)
  if (reason === undefined) return undefined
  if (reason !== 'too-big') return { reason, code }
  // RFC 1191 4: a router that does not know it says 0; 576 is what everybody takes.
  const mtu = family === 4 ? u16(message, 6) || 576 : u32(message, 4)
  return { reason, code, mtu }
}

function reason4(type: number, code: number): FailureReason | undefined {
  if (type === ErrorType[4].unreachable) return UNREACHABLE_4[code] ?? 'host-unreachable'
  if (type === ErrorType[4].timeExceeded) return exceeded(code)
  return type === ErrorType[4].parameter ? 'parameter-problem' : undefined
}

function reason6(type: number, code: number): FailureReason | undefined {
  if (type === ErrorType[6].unreachable) return UNREACHABLE_6[code] ?? 'host-unreachable'
  if (type === ErrorType[6].tooBig) return 'too-big'
  if (type === ErrorType[6].timeExceeded) return exceeded(code)
  if (type !== ErrorType[6].parameter) return undefined
  return code === 1 ? 'protocol-unreachable' : 'parameter-problem'
}

const exceeded = (code: number) => (code === 1 ? 'reassembly-time-exceeded' : 'time-exceeded')

/** Type and code of what a host says of packets that nobody is there for. */
export function codeOf(
  family: 4 | 6,
  reason: 'port-unreachable' | 'protocol-unreachable',
): readonly [type: number, code: number] {
  if (family === 4) return [ErrorType[4].unreachable, reason === 'port-unreachable' ? 3 : 2]
  if (reason === 'port-unreachable') return [ErrorType[6].unreachable, 4]
  return [ErrorType[6].parameter, 1]
}
