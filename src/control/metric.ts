/** What a metric is: its name, what it says, and how its values are read. */
import type { Monotonic } from './monotonic.js'
import type { RunningSwitch } from './running.js'

/** What values are read from. */
export interface Reading {
  running: RunningSwitch
  version: string
  monotonic: Monotonic
}

export interface Sample {
  /** `_bucket`, `_sum`, `_count` of a histogram. */
  suffix?: string
  labels?: Record<string, string | number>
  value: number
}

export interface Metric {
  name: string
  help: string
  type: 'counter' | 'gauge' | 'histogram'
  read(reading: Reading): Iterable<Sample>
}

/** The only value of a metric. */
export const single = (value: number): Sample[] => [{ value }]

/** How many there are of each label; none, where there are none. */
export function counted<T>(
  list: readonly T[],
  labelsOf: (one: T) => Record<string, string>,
): Sample[] {
  const counts = new Map<string, Sample>()
  for (const one of list) {
    const labels = labelsOf(one)
    const key = JSON.stringify(labels)
    const sample = counts.get(key)
    if (sample === undefined) counts.set(key, { labels, value: 1 })
    else sample.value++
  }
  return [...counts.values()]
}
