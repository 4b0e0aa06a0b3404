// AssemblyScript for a formatter that reads TypeScript: decorators on functions and constants, which
// TypeScript does not have, become comments and decorators again. See docs/decisions/0003.
import { HouseError } from './house.js'

const marker = '//@@'
const decorators = /^([ \t]*)(@\w+(?:\([^()\n]*\))?)[ \t]*$/
const leading = /^[ \t]*@\w/
const masked = /^([ \t]*)\/\/@@ ?(@.*)$/

const eachLine = (text, change) => text.split('\n').map(change).join('\n')

/**
 * Turns each line that is a decorator into a comment. Lines keep their number.
 *
 * @throws HouseError when a decorator shares its line: the formatter would not find it again
 */
export function mask(text, file) {
  return eachLine(text, (line, index) => {
    if (decorators.test(line)) return line.replace(decorators, `$1${marker} $2`)
    if (!leading.test(line)) return line
    throw new HouseError(
      `${file}:${index + 1}: a decorator stands on a line of its own: ${line.trim()}`,
    )
  })
}

/** The inverse of `mask`, whatever the formatter did to indentation. */
export const unmask = (text) => eachLine(text, (line) => line.replace(masked, '$1$2'))
