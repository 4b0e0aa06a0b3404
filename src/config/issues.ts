/** From what zod reports to what a person reads: found, expected, where. */
import type * as z from 'zod'
import type { ConfigIssue } from '../error.js'
import { describe, didYouMean, keyText, oneOf, quote } from './describe.js'
import { laterDevice, laterKey } from './later.js'
import { isDeviceKey, keysOf, type Mapping, mappingAt } from './mapping.js'

export type Path = (string | number)[]
/** 1-based. */
export interface Position {
  line: number
  column: number
}

/** Where a config came from, when it came from text. */
export interface Source {
  file: string
  /** The position of a key or of its value; of the nearest thing around it when it is not there. */
  positions(path: Path, part: 'key' | 'value'): Position | undefined
}

/** Collects what is wrong. */
export class Issues {
  readonly list: ConfigIssue[] = []
  private readonly seen = new Set<string>()

  constructor(private readonly source?: Source) {}

  /** @param message when "found …; expected …" does not say it best */
  add(
    path: Path,
    found: string,
    expected: string,
    message?: string,
    part: 'key' | 'value' = 'value',
  ) {
    const key = keyText(path)
    const text =
      message ??
      (found === 'nothing' && key !== '' ? 'missing; expected' : `found ${found}; expected`)
    const issue = { path, key, message: message ?? `${text} ${expected}`, found, expected }
    // A number that is not even safe fails two checks, which say the same.
    const id = `${key}\n${issue.message}`
    if (this.seen.has(id)) return
    this.seen.add(id)
    const where = this.source && { file: this.source.file, ...this.source.positions(path, part) }
    this.list.push({ ...issue, ...where })
  }

  /** In the order of the file; without positions, in the order they were found. */
  sorted(): ConfigIssue[] {
    const place = ({ line = 0, column = 0 }: ConfigIssue) => line * 1e6 + column
    return [...this.list].sort((a, b) => place(a) - place(b))
  }
}

/**
 * Adds what zod reports.
 *
 * @param root the value that was checked @param base where it belongs
 * @param keysAt the keys of the mapping at a path from the root, when it is not part of a config
 */
export function addZodIssues(
  issues: Issues,
  error: z.ZodError,
  root: unknown,
  base: Path,
  keysAt?: KeysAt,
): void {
  for (const issue of causes(error.issues)) addZodIssue(issues, issue, [], { root, base, keysAt })
}

type KeysAt = (path: Path) => readonly string[]

/** Less what a mapping lacks that has an unknown key, since that key may be what it lacks. */
function causes(issues: z.core.$ZodIssue[]): z.core.$ZodIssue[] {
  const unknown = issues.filter(({ code }) => code === 'unrecognized_keys')
  const misspelt = new Set(unknown.map(({ path }) => keyText(path)))
  return issues.filter(({ code, path }) => code !== 'custom' || !misspelt.has(keyText(path)))
}

interface Place {
  root: unknown
  base: Path
  keysAt?: KeysAt | undefined
}

function addZodIssue(issues: Issues, issue: z.core.$ZodIssue, above: Path, place: Place): void {
  const path = [...above, ...(issue.path as Path)]
  const full = [...place.base, ...path]
  const value = valueAt(place.root, path)
  if (issue.code === 'unrecognized_keys') {
    for (const key of issue.keys) {
      if (place.keysAt) addStrangeKey(issues, full, key, Object(value)[key], place.keysAt(path))
      else addUnknownKey(issues, full, key, Object(value))
    }
  } else if (issue.code === 'invalid_union' && issue.discriminator === undefined) {
    addUnion(issues, issue, path, place)
  } else if (issue.code === 'invalid_key') {
    issues.add(full, quote(String(path.at(-1))), issue.issues[0]?.message ?? '', undefined, 'key')
  } else {
    issues.add(full, describe(value), issue.message, laterDeviceAt(full, value))
  }
}

function laterDeviceAt(path: Path, value: unknown): string | undefined {
  return path.at(-1) === 'type' ? laterDevice(value) : undefined
}

/** Of the alternatives, the one that the value was meant to be says what is wrong inside it. */
function addUnion(
  issues: Issues,
  issue: z.core.$ZodIssueInvalidUnion,
  path: Path,
  place: Place,
): void {
  const meant = issue.errors.find(([first]) => first !== undefined && isInside(first))
  if (meant === undefined) {
    issues.add([...place.base, ...path], describe(valueAt(place.root, path)), issue.message)
  } else for (const inner of causes(meant)) addZodIssue(issues, inner, path, place)
}

function isInside({ code, path }: z.core.$ZodIssue): boolean {
  return path.length > 0 || code === 'unrecognized_keys'
}

function addUnknownKey(issues: Issues, path: Path, key: string, parent: Readonly<Keyed>) {
  const mapping = mappingAt(path, parent.type)
  const message = laterKey(mapping, key)
  addStrangeKey(issues, path, key, parent[key], keysOf(mapping), {
    message,
    hint: elsewhere(mapping, key),
  })
}

type Keyed = Record<string, unknown>

/** @param better a message, or a hint, that says more than "unknown key" and what it may be meant for */
function addStrangeKey(
  issues: Issues,
  path: Path,
  key: string,
  value: unknown,
  known: readonly string[],
  better: { message?: string | undefined; hint?: string | undefined } = {},
) {
  const expected = `one of ${oneOf(known, 20)}`
  const unknown = `unknown key; expected ${expected}${better.hint ?? didYouMean(key, known)}`
  issues.add([...path, key], describe(value), expected, better.message ?? unknown, 'key')
}

/** `mac` beside `device` instead of inside it is the slip that an edit distance cannot see. */
function elsewhere(mapping: Mapping, key: string): string | undefined {
  const inDevice = mapping === 'port' && isDeviceKey(key)
  return inDevice ? `; ${quote(key)} belongs inside "device"` : undefined
}

/** The value at a path, or undefined. */
export function valueAt(root: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (value, part) => (Object.hasOwn(Object(value), part) ? Object(value)[part] : undefined),
    root,
  )
}
