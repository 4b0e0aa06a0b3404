/** Names of bridges, ports and uplinks that other parts of a config speak of. */
import { didYouMean, oneOf, quote } from './describe.js'
import type { Issues, Path } from './issues.js'

/** Names that exist, in parts that were left out of the config as faulty too; undefined: not known. */
export interface Names {
  bridges: string[] | undefined
  ports: string[] | undefined
  uplinks: string[] | undefined
  /** Whether the config has an `underlay`. */
  underlay: boolean
}

/** @returns whether it exists, as far as is known; if not, an issue was added */
export function checkName(
  path: Path,
  name: string,
  known: string[] | undefined,
  kind: 'bridge' | 'port' | 'uplink',
  issues: Issues,
): boolean {
  if (known === undefined || known.includes(name)) return true
  const none = `${kind === 'uplink' ? 'an' : 'a'} ${kind}, of which this config has none`
  const expected = known.length === 0 ? none : `one of the ${kind}s ${oneOf(known)}`
  const message = `there is no ${kind} ${quote(name)}; expected ${expected}${didYouMean(name, known)}`
  issues.add(path, quote(name), expected, message)
  return false
}
