/** The log of a running switch: JSON a line (pino), or text on a terminal. Always standard error. */
import pino, { type Logger } from 'pino'
import { type EventView, onEvent } from '../control/events.js'
import type { RunningSwitch } from '../control/running.js'
import { LogLimit } from './log-limit.js'

export const levels = ['debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const
export type Level = (typeof levels)[number]

export interface LogOptions {
  /** Text is the default on a terminal, JSON elsewhere. */
  log?: 'text' | 'json'
  logLevel?: Level
}

export function openLog({ log: format, logLevel: level = 'info' }: LogOptions = {}): Logger {
  const text = (format ?? (process.stderr.isTTY ? 'text' : 'json')) === 'text'
  const options = {
    level,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  }
  return text
    ? pino({ ...options, base: null }, { write: (line) => void process.stderr.write(asText(line)) })
    : pino({ ...options, base: { pid: process.pid } }, pino.destination({ dest: 2, sync: true }))
}

/** `12:30:01.123 warn  the FDB is full: address not learnt bridge=lan port=a` */
export function asText(line: string): string {
  const { time, level, msg, ...rest } = JSON.parse(line) as Record<string, unknown>
  const fields = Object.entries(rest).map(([key, value]) => ` ${key}=${textOf(value)}`)
  return `${String(time).slice(11, 23)} ${String(level).padEnd(5)} ${msg}${fields.join('')}\n`
}

/** Whatever would break a line, or the line into its parts, is quoted. */
function textOf(value: unknown): string {
  return typeof value === 'string' && /^[\w.:/@+-]+$/.test(value) ? value : JSON.stringify(value)
}

type Told = [level: Exclude<Level, 'silent'>, message: string]

/** How each event is told. */
const messages: { [T in EventView['type']]: (event: Extract<EventView, { type: T }>) => Told } = {
  port: ({ event }) => ['info', event],
  moved: () => ['info', 'address moved'],
  'table-full': () => ['warn', 'the FDB is full: address not learnt'],
  'static-violated': () => [
    'warn',
    'frame from an address that a static entry gives to another port',
  ],
  blocked: () => ['warn', 'frames are blocked by a policy'],
  contested: () => ['warn', 'contested: sources of the directory contradict each other'],
  dataplane: ({ event }) => ['warn', event],
  mirror: ({ event }) => ['warn', event],
  worker: ({ final }) =>
    final
      ? ['fatal', 'worker died again and again, and is not started any more']
      : ['error', 'worker died and is started again'],
  applied: () => ['info', 'config applied'],
  leftover: () => ['warn', 'a change is in force, but not all it took out could be closed'],
  'rolled-back': ({ error }) =>
    error === null
      ? ['warn', 'config not confirmed in time: taken back']
      : ['error', 'config not confirmed in time, and it could not be taken back'],
  lost: () => ['warn', 'events lost'],
}

/** Writes what happens to a switch to the log. @returns what stops it */
export function logEvents(running: RunningSwitch, log: Logger): () => void {
  const write = (event: EventView, more: object = {}) => {
    const { time: _, type, ...fields } = event
    const [level, message] = (messages[type] as (event: EventView) => Told)(event)
    // What the message says already, and what is empty, need not be said again.
    const said = Object.entries(fields).filter(([, value]) => value !== null && value !== message)
    log[level]({ ...Object.fromEntries(said), ...more }, message)
  }
  const limit = new LogLimit<EventView>((last, leftOut) => write(last, { leftOut }))
  const stop = onEvent(running, (event) => {
    if (limit.admit(kindOf(event), event)) write(event)
  })
  return () => {
    stop()
    limit.flush()
  }
}

/** What is limited together: the same thing at the same port. */
function kindOf(event: EventView): string {
  const what = 'event' in event ? event.event : 'reason' in event ? event.reason : ''
  const where = 'port' in event ? event.port : 'worker' in event ? event.worker : ''
  return `${event.type} ${what} ${where}`
}
