// What stands behind `npm run bench --`.
import { HouseError } from '../../scripts/lib/house.js'

export const usage = (
  names,
  onRequest = [],
) => `npm run bench [-- [NAME …] [--pairs N] [--seconds S] [--publish]]
npm run bench -- --report FILE.json | --draw

  NAME         ${names.join(', ')}; all of them if none is named${except(onRequest)}
  --pairs N    rounds, every contestant once in each (default 7, at least 1)
  --seconds S  of one measurement (default: by figure, 0.2 to 3)
  --publish    also write docs/benchmarks/*.json, the charts and the table of docs/benchmarks.md
  --report F   write the HTML report of an old run beside its JSON; nothing is measured
  --draw       draw what docs/benchmarks/ has anew, and the table; nothing is measured`

const except = (names) => (names.length > 0 ? `, but ${names.join(', ')}` : '')

/**
 * @param {string[]} args
 * @param {string[]} names of all groups
 * @param {string[]} onRequest those of them that are measured only when they are named
 * @returns {{names: string[], pairs: number, seconds: number | undefined, publish: boolean,
 *   report?: string, draw?: true}} `report`, `draw`: nothing is to be measured
 * @throws HouseError that says what was expected
 */
export function parseOptions(args, names, onRequest = []) {
  const options = { names: [], pairs: 7, seconds: undefined, publish: false }
  const rest = [...args]
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    if (arg === '--publish') options.publish = true
    else if (arg === '--draw') options.draw = true
    else if (arg === '--report') options.report = file(arg, rest.shift())
    else if (arg === '--pairs') options.pairs = number(arg, rest.shift(), Number.isInteger)
    else if (arg === '--seconds') options.seconds = number(arg, rest.shift(), Number.isFinite)
    else if (names.includes(arg)) options.names.push(arg)
    else throw new HouseError(unknown(arg, usage(names, onRequest)))
  }
  if (options.names.length > 0) return options
  options.names = names.filter((name) => !onRequest.includes(name))
  return options
}

const unknown = (arg, help) => `bench: ${arg}: there is no such figure or option\n${help}`

export function number(option, text, isRight) {
  const value = Number(text)
  if (text !== undefined && isRight(value) && value > 0) return value
  const what = isRight === Number.isInteger ? 'a whole number from 1' : 'seconds, more than 0'
  throw new HouseError(`bench: ${option}: expected ${what}, found ${text ?? 'nothing'}`)
}

function file(option, text) {
  if (text !== undefined) return text
  throw new HouseError(`bench: ${option}: expected the JSON of a run, found nothing`)
}
