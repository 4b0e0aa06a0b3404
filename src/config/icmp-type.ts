/** Types of ICMP (RFC 792) and ICMPv6 (RFC 4443, 4861): numbers, and names for the common ones. */
import * as z from 'zod'
import { whole } from './values.js'

const ICMP: Record<string, number> = {
  'echo-reply': 0,
  'destination-unreachable': 3,
  redirect: 5,
  'echo-request': 8,
  'time-exceeded': 11,
  'parameter-problem': 12,
  'timestamp-request': 13,
  'timestamp-reply': 14,
}

const ICMPV6: Record<string, number> = {
  'destination-unreachable': 1,
  'packet-too-big': 2,
  'time-exceeded': 3,
  'parameter-problem': 4,
  'echo-request': 128,
  'echo-reply': 129,
  'router-solicitation': 133,
  'router-advertisement': 134,
  'neighbor-solicitation': 135,
  'neighbor-advertisement': 136,
  redirect: 137,
}

const names = [...new Set([...Object.keys(ICMP), ...Object.keys(ICMPV6)])] as [string, ...string[]]

const TYPE = 'a number from 0 to 255, or a name such as "echo-request"'
const TYPES = `${TYPE}, or a list of them`
const one = z.union([whole(0, 255, TYPE), z.enum(names, TYPE)], TYPE)

export const icmpTypes = z.union(
  [one.transform((type) => [type]), z.array(one, TYPES).min(1, TYPES)],
  TYPES,
)

/** In order, each once; undefined when one has no number in that protocol. */
export function icmpTypesOf(
  list: readonly (number | string)[],
  protocol: unknown,
): number[] | undefined {
  const known = protocol === 'icmpv6' ? ICMPV6 : ICMP
  const numbers = list.map((type) => (typeof type === 'number' ? type : known[type]))
  if (numbers.includes(undefined)) return undefined
  return [...new Set(numbers as number[])].sort((a, b) => a - b)
}
