/** A host of the lab, by itself or by name. */
import { describe, didYouMean, oneOf, quote } from '../../config/describe.js'
import { LinkspanError } from '../../error.js'

/** @param who asks, for the error @throws LinkspanError code `NOT_FOUND` */
export function hostIn<Each extends { readonly name: string }>(
  hosts: ReadonlyMap<string, Each>,
  one: { readonly name: string } | string,
  who?: string,
): Each {
  const name: unknown = typeof one === 'string' ? one : one?.name
  const host = hosts.get(name as string)
  if (host !== undefined && (typeof one === 'string' || (host as unknown) === one)) return host
  const asked = who === undefined ? '' : `${who}: `
  if (host !== undefined) {
    throw new LinkspanError('NOT_FOUND', `${asked}host ${quote(host.name)} is of another lab`)
  }
  const names = [...hosts.keys()]
  const known = names.length === 0 ? 'the lab has none' : `expected ${oneOf(names)}`
  const hint = typeof name === 'string' ? didYouMean(name, names) : ''
  throw new LinkspanError('NOT_FOUND', `${asked}no host ${describe(name ?? one)}; ${known}${hint}`)
}
