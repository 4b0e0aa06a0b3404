/** Whether what was read is what a recording has: it may be damaged, or made by somebody else. */
import type { Names, RecordingEnd, RecordingHead } from './file.js'

/** A head; undefined where it is none. */
export function headOf(value: unknown): RecordingHead | undefined {
  if (!isObject(value)) return undefined
  const { format, module, memory, workers, started, now, calls } = value
  const isHead =
    Number.isInteger(format) &&
    typeof module === 'string' &&
    isCount(memory) &&
    isCount(workers) &&
    (started === null || (typeof started === 'string' && !Number.isNaN(Date.parse(started)))) &&
    Number.isFinite(now) &&
    Array.isArray(calls) &&
    calls.every((name) => typeof name === 'string') &&
    namesOf(value.names) !== undefined
  return isHead ? (value as unknown as RecordingHead) : undefined
}

/** How a recording ended; undefined where that is not said. */
export function endOf(value: unknown): RecordingEnd | undefined {
  if (!isObject(value) || typeof value.reason !== 'string') return undefined
  const { state } = value
  return state === null || typeof state === 'string'
    ? (value as unknown as RecordingEnd)
    : undefined
}

/** Names of ports and domains; undefined where they are none. */
export function namesOf(value: unknown): Names | undefined {
  if (!isObject(value)) return undefined
  const isNames = [value.ports, value.domains].every(
    (names) => isObject(names) && Object.values(names).every((name) => typeof name === 'string'),
  )
  return isNames ? (value as unknown as Names) : undefined
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) > 0
