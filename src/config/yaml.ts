/**
 * The YAML front end: text in, Config out, every issue with its line and column. YAML 1.2, one
 * document a file. The only file that imports `yaml`, so that the library does without it.
 */
import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  visit,
  type YAMLMap,
} from 'yaml'
import { ConfigError } from '../error.js'
import { describe, quote } from './describe.js'
import type { Path, Position, Source } from './issues.js'
import { parseConfig } from './parse.js'
import type { Config } from './types.js'

/**
 * @param text the file's content @param file its name, for messages
 * @throws ConfigError with every issue; when the YAML itself is wrong, with what is wrong with that
 */
export function parseYaml(text: string, file: string): Config {
  const lines = new LineCounter()
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    logLevel: 'error',
    // Whatever a %YAML directive says: 1.1 would read `0600` as 384 and a MAC in base 60.
    schema: 'core',
    merge: true,
    stringKeys: true,
  })
  const source: Source = {
    file,
    positions: (path, part) => positionOf(document, lines, path, part),
  }
  return parseConfig(plainValue(document, lines, text, source), source)
}

function plainValue(document: Document, lines: LineCounter, text: string, source: Source): unknown {
  const faults = [...document.errors, ...document.warnings].map(({ pos, code, message }) => {
    const slice = text.slice(...pos)
    const said = SAID[code]?.(slice) ?? `not valid YAML: ${message}`
    return { offset: pos[0], message: said, found: describe(slice) }
  })
  if (faults.length === 0) faults.push(...aliasFaults(document))
  if (faults.length > 0) throw yamlError(faults, lines, source)
  try {
    return document.toJS()
  } catch (error) {
    // What is left is the limit on aliases of aliases, which has no one place.
    const message = `not valid YAML: ${(error as Error).message}`
    throw yamlError([{ offset: 0, message, found: 'the file' }], lines, source)
  }
}

/** Where the parser's own words are for programmers. */
const SAID: Partial<Record<string, (slice: string) => string>> = {
  DUPLICATE_KEY: (slice) => `key ${quote(slice)} stands here twice; expected each key once`,
  MULTIPLE_DOCS: () => 'a second document ("---") begins here; expected one document a file',
  TAB_AS_INDENT: () => 'a tab indents this line; expected spaces',
}

interface Fault {
  offset: number
  message: string
  found: string
}

function yamlError(faults: Fault[], lines: LineCounter, { file }: Source): ConfigError {
  const positioned = faults.map(({ offset, message, found }) => ({
    path: [],
    key: '',
    message,
    found,
    expected: 'valid YAML',
    file,
    ...position(lines, offset),
  }))
  return new ConfigError(positioned)
}

/** What toJS would throw at without a place: unknown anchors, and merges of what is no mapping. */
function aliasFaults(document: Document): Fault[] {
  const faults: Fault[] = []
  const fault = (node: Node, message: string) =>
    faults.push({ offset: node.range?.[0] ?? 0, message, found: describe(String(node)) })
  visit(document, {
    Alias: (_, alias) => {
      if (resolved(document, alias) !== undefined) return
      fault(alias, `no anchor ${quote(`&${alias.source}`)} stands before this alias`)
    },
    Pair: (_, pair) => {
      if (!isMerge(pair) || mergeSources(document, pair).every(isMap)) return
      fault(pair.key as Node, '"<<" merges mappings; expected an alias of a mapping')
    },
  })
  return faults
}

function position(lines: LineCounter, offset: number): Position {
  const { line, col } = lines.linePos(offset)
  return { line: Math.max(1, line), column: Math.max(1, col) }
}

/** Follows the path as far as it goes, through aliases and merges. */
function positionOf(
  document: Document,
  lines: LineCounter,
  path: Path,
  part: 'key' | 'value',
): Position {
  let key: unknown
  let value: unknown = document.contents
  let all = true
  for (const step of path) {
    const inside = resolved(document, value)
    const pair = isMap(inside) ? findPair(document, inside, String(step)) : undefined
    const item = isSeq(inside) ? inside.items[Number(step)] : undefined
    all = pair !== undefined || item !== undefined
    if (!all) break
    key = pair?.key
    value = pair === undefined ? item : pair.value
  }
  // A block collection begins on the line below its key, where nobody looks for it.
  const scalar = all && part === 'value' && isScalar(value) && value.value !== null
  const node = scalar || !isNode(key) ? value : key
  return position(lines, isNode(node) ? (node.range?.[0] ?? 0) : 0)
}

function resolved(document: Document, node: unknown): unknown {
  return isAlias(node) ? node.resolve(document) : node
}

function isMerge(pair: Pair): boolean {
  return isScalar(pair.key) && String(pair.key.value) === '<<' && pair.key.type === 'PLAIN'
}

function mergeSources(document: Document, pair: Pair): unknown[] {
  const source = resolved(document, pair.value)
  return isSeq(source) ? source.items.map((item) => resolved(document, item)) : [source]
}

function findPair(document: Document, map: YAMLMap, key: string): Pair | undefined {
  const own = map.items.find((pair) => isScalar(pair.key) && String(pair.key.value) === key)
  if (own !== undefined) return own
  for (const merge of map.items.filter(isMerge)) {
    for (const source of mergeSources(document, merge)) {
      const pair = isMap(source) ? findPair(document, source, key) : undefined
      if (pair !== undefined) return pair
    }
  }
  return undefined
}
