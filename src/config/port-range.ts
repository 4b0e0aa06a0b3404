/** TCP and UDP ports in a config: numbers, ranges, lists of both. */
import * as z from 'zod'
import { whole } from './values.js'

/** Both ends belong to it; 1 to 65535. */
export interface PortRange {
  first: number
  last: number
}

const PORT_MAX = 65_535
export const PORTS = 'a port from 1 to 65535, or a range such as "8080-8089"'

/** `80` or `80-89`; undefined when it is neither, or when the range is impossible. */
export function parsePortRange(text: string): PortRange | undefined {
  const match = /^([1-9]\d{0,4})(?:-([1-9]\d{0,4}))?$/.exec(text)
  if (match === null) return undefined
  const first = Number(match[1])
  const last = Number(match[2] ?? match[1])
  return first <= last && last <= PORT_MAX ? { first, last } : undefined
}

export const formatPortRange = ({ first, last }: PortRange): string =>
  first === last ? `${first}` : `${first}-${last}`

const one = z.union(
  [
    whole(1, PORT_MAX, PORTS),
    z.string(PORTS).refine((text) => parsePortRange(text) !== undefined, PORTS),
  ],
  PORTS,
)

const LIST = `${PORTS}, or a list of them`

/** Ports as people write them, to a list of numbers and ranges in order, none twice. */
export const portList = z.union(
  [
    one.transform((ports) => canonical([ports])),
    z.array(one, LIST).min(1, LIST).transform(canonical),
  ],
  LIST,
)

function canonical(list: readonly (number | string)[]): (number | string)[] {
  return portRanges(list).map(({ first, last }) => (first === last ? first : `${first}-${last}`))
}

/** Ascending; what overlaps or touches is one. */
export function portRanges(list: readonly (number | string)[]): PortRange[] {
  const ranges = list.map((item) => parsePortRange(String(item)) as PortRange)
  const merged: PortRange[] = []
  for (const { first, last } of ranges.sort((a, b) => a.first - b.first)) {
    const before = merged.at(-1)
    if (before !== undefined && first <= before.last + 1) before.last = Math.max(before.last, last)
    else merged.push({ first, last })
  }
  return merged
}
