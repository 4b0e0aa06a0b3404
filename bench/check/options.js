// What stands behind `npm run bench:check --`.
import { HouseError } from '../../scripts/lib/house.js'
import { number } from '../lib/options.js'

export const usage = (names) => `npm run bench:check [-- [NAME …] [--base REF] [--pairs N]]

  NAME         ${names.join(', ')}; all of them if none is named
  --base REF   compare with this commit (default: where this branch left main, or the commit before)
  --pairs N    rounds, each side once in each (default 7, at least 1)`

/**
 * @param {string[]} args
 * @param {string[]} names of the groups that have figures in memory
 * @returns {{names: string[], base: string | undefined, pairs: number}}
 * @throws HouseError that says what was expected
 */
export function parseCheckOptions(args, names) {
  const options = { names: [], base: undefined, pairs: 7 }
  const rest = [...args]
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    if (arg === '--pairs') options.pairs = number(arg, rest.shift(), Number.isInteger)
    else if (arg === '--base' && rest.length > 0) options.base = rest.shift()
    else if (names.includes(arg)) options.names.push(arg)
    else throw new HouseError(`bench:check: ${arg}: expected\n${usage(names)}`)
  }
  if (options.names.length === 0) options.names = names
  return options
}
