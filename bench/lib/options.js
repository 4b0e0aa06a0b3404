// What stands behind `npm run bench --`.
import { HouseError } from '../../scripts/lib/house.js'

export const usage = (names) => `npm run bench [-- [NAME …] [--pairs N] [--seconds S] [--publish]]

  NAME         ${names.join(', ')}; all of them if none is named
  --pairs N    rounds, every contestant once in each (default 7, at least 1)
  --seconds S  of one measurement (default: by figure, 0.2 to 3)
  --publish    also write docs/benchmarks/*.json, the charts and the table of docs/benchmarks.md`

/**
 * @param {string[]} args
 * @param {string[]} names of all groups
 * @returns {{names: string[], pairs: number, seconds: number | undefined, publish: boolean}}
 * @throws HouseError that says what was expected
 */
export function parseOptions(args, names) {
  const options = { names: [], pairs: 7, seconds: undefined, publish: false }
  const rest = [...args]
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    if (arg === '--publish') options.publish = true
    else if (arg === '--pairs') options.pairs = number(arg, rest.shift(), Number.isInteger)
    else if (arg === '--seconds') options.seconds = number(arg, rest.shift(), Number.isFinite)
    else if (names.includes(arg)) options.names.push(arg)
    else throw new HouseError(`bench: ${arg}: there is no such figure or option\n${usage(names)}`)
  }
  if (options.names.length === 0) options.names = names
  return options
}

export function number(option, text, isRight) {
  const value = Number(text)
  if (text !== undefined && isRight(value) && value > 0) return value
  const what = isRight === Number.isInteger ? 'a whole number from 1' : 'seconds, more than 0'
  throw new HouseError(`bench: ${option}: expected ${what}, found ${text ?? 'nothing'}`)
}
