/** Things by name, and the errors that name them. */
import { isUplinkBridge } from '../config/uplink-port.js'
import { LinkspanError } from '../error.js'

export function exists(what: string, name: string): LinkspanError {
  return new LinkspanError('EXISTS', `there is a ${what} "${name}" already`)
}

/** Of a bridge that is to be removed. */
export function stillHas(bridge: string, port: string): LinkspanError {
  const message = `bridge "${bridge}" still has port "${port}": remove its ports first`
  return new LinkspanError('EXISTS', message)
}

/** The one of that name; an error that says what there is if there is none. */
export function find<T>(map: ReadonlyMap<string, T>, what: string, name: string): T {
  const found = map.get(name)
  if (found !== undefined) return found
  const names = [...map.keys()].filter((known) => !isUplinkBridge(known))
  const some = names.slice(0, 10).join(', ') + (names.length > 10 ? ', …' : '')
  const there = names.length === 0 ? `no ${what}` : some
  throw new LinkspanError('NOT_FOUND', `there is no ${what} "${name}"; there is ${there}`)
}
