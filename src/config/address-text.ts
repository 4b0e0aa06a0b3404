/**
 * The usual texts of addresses, read and written without ip-num, which takes tens of microseconds for
 * one: a directory has a hundred thousand. What is not usual, and what is wrong, is left to it.
 */

/** A dotted quad without leading zeros; undefined for anything else. */
export function readQuad(text: string): Uint8Array | undefined {
  const parts = QUAD.exec(text)
  if (parts === null) return undefined
  const bytes = new Uint8Array(4)
  for (let index = 0; index < 4; index++) {
    const value = Number(parts[index + 1])
    if (value > 255) return undefined
    bytes[index] = value
  }
  return bytes
}

const QUAD = /^(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})$/

/** Groups of hexadecimal digits (RFC 4291 2.2, forms 1 and 2); undefined for anything else. */
export function readGroups(text: string): Uint8Array | undefined {
  const gap = text.indexOf('::')
  const head = split(gap < 0 ? text : text.slice(0, gap))
  const tail = gap < 0 ? [] : split(text.slice(gap + 2))
  const given = head.length + tail.length
  // Two colons stand for one group at least.
  if (gap < 0 ? given !== 8 : given > 7) return undefined
  const bytes = new Uint8Array(16)
  return put(bytes, head, 0) && put(bytes, tail, 8 - tail.length) ? bytes : undefined
}

const split = (text: string) => (text === '' ? [] : text.split(':'))

function put(bytes: Uint8Array, groups: readonly string[], first: number): boolean {
  for (const [index, group] of groups.entries()) {
    if (!/^[\da-f]{1,4}$/i.test(group)) return false
    const value = Number.parseInt(group, 16)
    const offset = (first + index) * 2
    bytes[offset] = value >> 8
    bytes[offset + 1] = value
  }
  return true
}

/** RFC 5952 section 4: the longest run of two zero groups or more is `::`, of equal ones the first. */
export function writeGroups(bytes: Uint8Array): string {
  const groups = Array.from({ length: 8 }, (_, i) => at(bytes, i * 2) * 256 + at(bytes, i * 2 + 1))
  const [start, length] = longestZeros(groups)
  const text = (of: readonly number[]) => of.map((group) => group.toString(16)).join(':')
  if (length < 2) return text(groups)
  return `${text(groups.slice(0, start))}::${text(groups.slice(start + length))}`
}

function longestZeros(groups: readonly number[]): [start: number, length: number] {
  let best: [number, number] = [0, 0]
  let run = 0
  for (const [index, group] of groups.entries()) {
    run = group === 0 ? run + 1 : 0
    if (run > best[1]) best = [index - run + 1, run]
  }
  return best
}

const at = (bytes: Uint8Array, index: number) => bytes[index] as number
