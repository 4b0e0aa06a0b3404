// The imports of a source file, read with TypeScript's own scanner: comments, strings, templates and
// regular expressions cannot pass for an import. It reads tokens only, so AssemblyScript fits too.
import { existsSync, readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { computeLineStarts, createScanner, SyntaxKind } from 'typescript/unstable/ast'
import { filesBelow } from './files.js'

/** After these a slash divides; after anything else it opens a regular expression. */
const operandEnds = new Set([
  ...[SyntaxKind.Identifier, SyntaxKind.NumericLiteral, SyntaxKind.BigIntLiteral],
  ...[SyntaxKind.StringLiteral, SyntaxKind.RegularExpressionLiteral],
  ...[SyntaxKind.NoSubstitutionTemplateLiteral, SyntaxKind.TemplateTail],
  ...[SyntaxKind.CloseParenToken, SyntaxKind.CloseBracketToken, SyntaxKind.CloseBraceToken],
  ...[SyntaxKind.ThisKeyword, SyntaxKind.PlusPlusToken, SyntaxKind.MinusMinusToken],
])

/** All tokens of a text as `{ kind, value, start }`; templates are followed into their `${}`. */
function* tokens(text) {
  const scanner = createScanner(true, undefined, text)
  const braces = [] // true: the brace was opened by `${`
  let previous
  for (;;) {
    let kind = scanner.scan()
    if (kind === SyntaxKind.EndOfFile) return
    const closes = kind === SyntaxKind.CloseBraceToken && braces.pop()
    if (closes) kind = scanner.reScanTemplateToken(false)
    const slash = kind === SyntaxKind.SlashToken || kind === SyntaxKind.SlashEqualsToken
    if (slash && !operandEnds.has(previous)) kind = scanner.reScanSlashToken()
    if (kind === SyntaxKind.OpenBraceToken) braces.push(false)
    if (kind === SyntaxKind.TemplateHead || kind === SyntaxKind.TemplateMiddle) braces.push(true)
    previous = kind
    yield { kind, value: scanner.getTokenValue(), start: scanner.getTokenStart() }
  }
}

/**
 * The module names a text imports or re-exports, dynamic imports of a literal included.
 *
 * @returns {{specifier: string, line: number, typeOnly: boolean}[]} `line` counts from 1
 */
export function importsOf(text) {
  const all = [...tokens(text)]
  const lineStarts = computeLineStarts(text)
  const lineOf = (start) => lineStarts.findLastIndex((lineStart) => lineStart <= start) + 1
  return all.flatMap(({ kind, start }, index) => {
    const literal = literalOf(all, index, kind)
    if (!literal) return []
    const typeOnly = all[index + 1].kind === SyntaxKind.TypeKeyword
    return [{ specifier: literal.value, line: lineOf(start), typeOnly }]
  })
}

/** The string token that an `import` or `export` at `index` names, if it names one. */
function literalOf(all, index, kind) {
  if (kind !== SyntaxKind.ImportKeyword && kind !== SyntaxKind.ExportKeyword) return undefined
  if (all[index - 1]?.kind === SyntaxKind.DotToken) return undefined
  const next = all[index + 1]?.kind
  if (kind === SyntaxKind.ImportKeyword) {
    if (next === SyntaxKind.StringLiteral) return all[index + 1]
    if (next === SyntaxKind.OpenParenToken) return stringAt(all[index + 2])
    if (next === SyntaxKind.DotToken) return undefined
  }
  return literalAfterFrom(all, index + 1)
}

const stringAt = (token) =>
  token?.kind === SyntaxKind.StringLiteral ||
  token?.kind === SyntaxKind.NoSubstitutionTemplateLiteral
    ? token
    : undefined

/** What may stand between `import` or `export` and `from`: names, `*`, commas and braces. */
const clause = new Set([
  ...[SyntaxKind.AsteriskToken, SyntaxKind.CommaToken],
  ...[SyntaxKind.OpenBraceToken, SyntaxKind.CloseBraceToken, SyntaxKind.StringLiteral],
])

function literalAfterFrom(all, from) {
  for (let index = from; index < all.length; index++) {
    const { kind } = all[index]
    const next = stringAt(all[index + 1])
    if (kind === SyntaxKind.FromKeyword && next) return next
    const isName = kind === SyntaxKind.Identifier || SyntaxKind[kind]?.endsWith('Keyword')
    if (!isName && !clause.has(kind)) return undefined
  }
  return undefined
}

/** The file a relative specifier means: `./x.js` is `x.ts` here, AssemblyScript leaves the ending out. */
function resolveRelative(file, specifier) {
  const path = resolve(dirname(file), specifier)
  const candidates = [path.replace(/\.js$/, '.ts'), `${path}.ts`, `${path}/index.ts`, path]
  return candidates.find((candidate) => candidate.endsWith('.ts') && existsSync(candidate)) ?? path
}

/**
 * The import graph of all TypeScript files below a folder.
 *
 * @returns {Map<string, {specifier: string, line: number, typeOnly: boolean, target?: string}[]>}
 *   by absolute path; `target` is the absolute path that a relative specifier means
 */
export function importGraph(folder) {
  const files = filesBelow(folder, (name) => name.endsWith('.ts') && !name.endsWith('.d.ts'))
  return new Map(
    files.map((file) => {
      const found = importsOf(readFileSync(file, 'utf8'))
      return [file, found.map((entry) => withTarget(file, entry))]
    }),
  )
}

const withTarget = (file, entry) =>
  entry.specifier.startsWith('.')
    ? { ...entry, target: resolveRelative(file, entry.specifier) }
    : entry
