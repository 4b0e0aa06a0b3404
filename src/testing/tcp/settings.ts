/** What can be set for a connection. Milliseconds and octets. */
import { describe, didYouMean, oneOf, quote } from '../../config/describe.js'
import { LinkspanError } from '../../error.js'

export interface TcpOptions {
  /** Octets that wait for the reader, and so the largest receive window; 1 MiB. */
  receiveBuffer?: number
  /** Octets that wait to be acknowledged; 1 MiB. */
  sendBuffer?: number
  /** Of the queue of `writable`, before it pushes back; 64 KiB. What is taken from it goes to the send buffer. */
  highWaterMark?: number
  /** True: small segments do not wait for others to be acknowledged (no Nagle); false. */
  noDelay?: boolean
  /** An ACK waits so long for data to go with; 0: each segment is acknowledged at once; 40 ms. */
  delayedAck?: number
  /** The largest segment that this end asks for; what the MTU allows. */
  mss?: number
  windowScale?: boolean
  timestamps?: boolean
  sack?: boolean
  /** RFC 6298 2.4; 200 ms, as Linux, not the RFC's 1 s. */
  minimumTimeout?: number
  /** RFC 6298 2.5; 60 s. */
  maximumTimeout?: number
  /** How often a SYN is sent again, after 1 s, 2 s, 4 s …; 6: two minutes without an answer end it. */
  synRetries?: number
  /** Ends a connection whose data are not acknowledged for so long (RFC 9293 3.8.3); 15 min. */
  userTimeout?: number
  /** Ends a connection whose other end has kept its window shut for so long; 24 h. */
  stallTimeout?: number
  /**
   * Silence after which the other end is asked whether it is there; left out: it is not asked. The silence
   * is of the background: a lab's time passes for the questions, but only `advance` leads to the first.
   */
  keepAlive?: number
  /** Maximum segment lifetime: TIME-WAIT takes two; 30 s, as Linux, not the RFC's 2 min. */
  msl?: number
}

export type TcpSettings = Required<Omit<TcpOptions, 'mss' | 'keepAlive'>> &
  Pick<TcpOptions, 'mss' | 'keepAlive'>

const defaults: TcpSettings = {
  receiveBuffer: 1 << 20,
  sendBuffer: 1 << 20,
  highWaterMark: 1 << 16,
  noDelay: false,
  delayedAck: 40,
  windowScale: true,
  timestamps: true,
  sack: true,
  minimumTimeout: 200,
  maximumTimeout: 60_000,
  synRetries: 6,
  userTimeout: 900_000,
  stallTimeout: 86_400_000,
  msl: 30_000,
}

const KEYS: readonly string[] = [...Object.keys(defaults), 'mss', 'keepAlive']

/** The smallest that is of use to anybody: half of it is a segment (RFC 9293 3.7.1). */
const LEAST_BUFFER = 1072
/** What a window can be (RFC 7323 2.3). */
const MOST_BUFFER = 2 ** 30
/** RFC 9293 3.7.1: without the option it is 536; less than 64 is nobody's. */
const LEAST_MSS = 64
/** Of milliseconds: a time that never comes is none. */
const MOST_TIME = Number.MAX_SAFE_INTEGER

/**
 * @param others what the caller takes besides
 * @throws LinkspanError code `INVALID`: which option, what was found, what was expected
 */
export function tcpSettings(
  others: readonly string[],
  ...options: readonly (TcpOptions | undefined)[]
): TcpSettings {
  for (const each of options) known(each, others)
  const settings: TcpSettings = Object.assign({}, defaults, ...options.map(given))
  within(settings, 'receiveBuffer', LEAST_BUFFER, MOST_BUFFER)
  within(settings, 'sendBuffer', LEAST_BUFFER, MOST_BUFFER)
  within(settings, 'highWaterMark', 0, MOST_BUFFER)
  within(settings, 'delayedAck', 0, 500)
  within(settings, 'synRetries', 0, 20)
  for (const name of ['userTimeout', 'stallTimeout', 'msl', 'maximumTimeout'] as const) {
    within(settings, name, 1, MOST_TIME)
  }
  within(settings, 'minimumTimeout', 1, settings.maximumTimeout)
  if (settings.mss !== undefined) within(settings, 'mss', LEAST_MSS, 65_495)
  if (settings.keepAlive !== undefined) within(settings, 'keepAlive', 1, MOST_TIME)
  return settings
}

function known(options: TcpOptions = {}, others: readonly string[]): void {
  const unknown = Object.keys(options).find((key) => !KEYS.includes(key))
  if (unknown === undefined) return
  const all = [...KEYS, ...others]
  const expected = `expected ${oneOf(all, all.length)}${didYouMean(unknown, all)}`
  throw new LinkspanError('INVALID', `TCP option ${quote(unknown)} is not known; ${expected}`)
}

/** Without what was given as undefined. */
const given = (options: TcpOptions = {}): TcpOptions =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))

function within(settings: TcpSettings, name: keyof TcpOptions, least: number, most: number): void {
  const value: unknown = settings[name]
  if (typeof value === 'number' && value >= least && value <= most) return
  const problem = `found ${describe(value)}; expected ${least} to ${most}`
  throw new LinkspanError('INVALID', `TCP option ${name}: ${problem}`)
}
