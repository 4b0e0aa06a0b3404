/** Plain data, as configs and patches of them are. */

export type Mapping = Readonly<Record<string, unknown>>

export function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Deep equality, whatever the order of keys; one that is undefined is one that is not there. */
export function same(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a) !== Array.isArray(b)) return false
  return Object.keys({ ...a, ...b }).every((key) => same(field(a, key), field(b, key)))
}

/** The value of a key that may not be there. */
export function field(of: object, key: string): unknown {
  return (of as Mapping)[key]
}
