/** The log of a running switch: JSON a line (pino), or text on a terminal. */
import pino, { type Logger } from 'pino'
import { formatMac } from '../config/address.js'
import type { RunningSwitch } from '../control/running.js'

/** Text is the default on a terminal, JSON elsewhere. Standard error, so that output stays clean. */
export function openLog(format?: 'text' | 'json'): Logger {
  const text = (format ?? (process.stderr.isTTY ? 'text' : 'json')) === 'text'
  return text
    ? pino({ base: null }, { write: (line: string) => void process.stderr.write(asText(line)) })
    : pino(pino.destination({ dest: 2, sync: true }))
}

const LEVELS: Record<number, string> = { 40: 'warning: ', 50: 'error: ', 60: 'fatal: ' }

function asText(line: string): string {
  const { time, level, msg, ...rest } = JSON.parse(line) as Record<string, unknown>
  const clock = new Date(time as number).toISOString().slice(11, 23)
  const fields = Object.entries(rest).map(([key, value]) => ` ${key}=${textOf(value)}`)
  return `${clock} ${LEVELS[level as number] ?? ''}${msg}${fields.join('')}\n`
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** Writes what happens to a switch to the log. */
export function logEvents(running: RunningSwitch, log: Logger): void {
  running.on('port', ({ port, event, detail }) => log.info({ port, ...detail }, event))
  running.on('moved', ({ bridge, mac, port, from }) =>
    log.info({ bridge, mac: formatMac([mac.macHigh, mac.macLow]), from, port }, 'address moved'),
  )
  running.on('table-full', (where) => log.warn(where, 'the FDB is full: address not learnt'))
  running.on('worker', ({ worker, error, final }) =>
    final
      ? log.fatal({ worker, error }, 'worker died again and again, and is not started any more')
      : log.error({ worker, error }, 'worker died and is started again'),
  )
}
