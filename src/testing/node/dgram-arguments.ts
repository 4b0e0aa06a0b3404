/** The argument forms of `send`, `bind` and `connect` of `node:dgram`. */
import { portOf, usageError } from './errors.js'

export type DatagramCallback = (error: Error | null, bytes: number) => void
type Part = string | NodeJS.ArrayBufferView

export interface Sending {
  data: Uint8Array
  /** Left out: to the other end that the socket is connected to. */
  port: number | undefined
  address: string | undefined
  callback: DatagramCallback | undefined
}

/**
 * `(msg, [offset, length,] port, [address,] [callback])`; of a connected socket
 * `(msg, [offset, length,] [callback])`.
 *
 * @throws TypeError, RangeError with Node's codes
 */
export function sendArguments(given: readonly unknown[], isConnected: boolean): Sending {
  const [message, ...others] = given
  const last = others.findIndex((one) => typeof one === 'function')
  const callback = others[last] as DatagramCallback | undefined
  const plain = last < 0 ? others : others.slice(0, last)
  const hasPart = isLength(plain[1])
  const whole = octetsOf(message)
  const data = hasPart ? partOf(whole, plain[0], plain[1]) : whole
  const [port, address] = hasPart ? plain.slice(2) : plain
  if (isConnected) {
    if (port === undefined) return { data, port, address: undefined, callback }
    throw usageError(Error, 'ERR_SOCKET_DGRAM_IS_CONNECTED', 'Already connected')
  }
  if (address !== undefined && address !== null && typeof address !== 'string') {
    throw wrongType('address', 'string', address)
  }
  return { data, port: portOf(port, 'Port', 1), address: address || undefined, callback }
}

/** `(msg, port, address)` has a text, `(msg, offset, length, port)` numbers. */
const isLength = (value: unknown): boolean => typeof value === 'number'

function partOf(whole: Uint8Array, offset: unknown, length: unknown): Uint8Array {
  const [from, octets] = [Number(offset), Number(length)]
  if (from >= 0 && octets >= 0 && from + octets <= whole.length) {
    return whole.subarray(from, from + octets)
  }
  const name = from > whole.length || !(from >= 0) ? 'offset' : 'length'
  throw usageError(RangeError, 'ERR_BUFFER_OUT_OF_BOUNDS', `"${name}" is outside of buffer bounds`)
}

function octetsOf(message: unknown): Uint8Array {
  if (Array.isArray(message)) return Buffer.concat(message.map(octetsOf))
  if (typeof message === 'string') return Buffer.from(message)
  if (!ArrayBuffer.isView(message)) {
    throw wrongType('buffer', 'string or an instance of Buffer, TypedArray, or DataView', message)
  }
  const { buffer, byteOffset, byteLength } = message as Exclude<Part, string>
  return new Uint8Array(buffer, byteOffset, byteLength)
}

function wrongType(name: string, expected: string, found: unknown): TypeError {
  const text = `The "${name}" argument must be of type ${expected}. Received type ${typeof found}`
  return usageError(TypeError, 'ERR_INVALID_ARG_TYPE', text)
}

export interface Binding {
  port: number
  address: string | undefined
}

/** `([port,] [address,] [callback])` or `({ port, address }, [callback])`. */
export function bindArguments(given: readonly unknown[]): [Binding, (() => void) | undefined] {
  const callback = given.find((one) => typeof one === 'function') as (() => void) | undefined
  const [first, second] = given
  const options = (typeof first === 'object' && first !== null ? first : {}) as Partial<Binding>
  const port = typeof first === 'number' || typeof first === 'string' ? first : (options.port ?? 0)
  const address = typeof second === 'string' ? second : options.address
  return [{ port: portOf(port), address: address || undefined }, callback]
}
