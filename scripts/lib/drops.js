// assembly/drop.ts, the one list of drop reasons, as data for TypeScript.
import { HouseError } from './house.js'

const entry = /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*export const ([A-Z][A-Z0-9_]*): u32 = (\d+)$/gm
const declaration = /^\s*export const (\w+)/gm
const comment = /^([a-z][a-z0-9-]*) \((rx|tx)\): (.+)$/

/** The text between the braces of `export namespace Drop { … }`. */
function namespaceBody(source, file) {
  const [, body] = /^export namespace Drop \{\n([\s\S]*?)^\}/m.exec(source) ?? []
  if (body === undefined) throw new HouseError(`${file}: expected \`export namespace Drop {\``)
  return body
}

/** A doc comment without its stars, on one line. */
const unwrap = (text) =>
  text
    .replace(/\n\s*\* ?/g, ' ')
    .replace(/\s+/g, ' ')
    .trim()

function parseEntry([, doc, constant, code], file) {
  const [, name, direction, text] = comment.exec(unwrap(doc)) ?? []
  const expected = constant.toLowerCase().replaceAll('_', '-')
  if (name !== expected) {
    throw new HouseError(
      `${file}: Drop.${constant}: the comment must read "${expected} (rx): text" or "${expected} (tx): text", found "${unwrap(doc)}"`,
    )
  }
  return { code: Number(code), name, direction, text: text.replace(/\.$/, '') }
}

/**
 * Parses the list.
 *
 * @returns {{code: number, name: string, direction: 'rx' | 'tx', text: string}[]} by code, dense from 1
 * @throws HouseError naming the constant that is not as the list needs it
 */
export function parseDrops(source, file = 'assembly/drop.ts') {
  const body = namespaceBody(source, file)
  const entries = [...body.matchAll(entry)]
  const documented = new Set(entries.map(([, , constant]) => constant))
  for (const [, constant] of body.matchAll(declaration)) {
    if (documented.has(constant)) continue
    throw new HouseError(
      `${file}: Drop.${constant}: expected a comment /** name (rx): text */ and then \`export const ${constant}: u32 = code\``,
    )
  }
  const drops = entries.map((match) => parseEntry(match, file))
  drops.forEach(({ code, name }, index) => {
    if (code !== index + 1) {
      throw new HouseError(
        `${file}: ${name}: code ${code}, expected ${index + 1}: codes are dense from 1 and in order`,
      )
    }
  })
  const repeated = drops.find(({ name }, index) => drops.findIndex((d) => d.name === name) < index)
  if (repeated) throw new HouseError(`${file}: ${repeated.name}: two reasons have this name`)
  return drops
}

const quote = (text) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`

/** The generated TypeScript module. */
export function renderDrops(drops) {
  const lines = drops.map(
    ({ code, name, direction, text }) =>
      `  { code: ${code}, name: '${name}', direction: '${direction}', text: ${quote(text)} },\n`,
  )
  return `// Generated from assembly/drop.ts by the build.\nexport const drops = [\n${lines.join('')}] as const\n`
}
