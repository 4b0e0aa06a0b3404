/** What programs say of peers and endpoints: checked as a whole, then told to the directory as a whole. */

import { checkVtep } from '../config/vtep.js'
import { LinkspanError } from '../error.js'
import type { DirectoryEndpoint, DirectoryPeer } from './directory/directory.js'
import type { MemoryDirectory } from './directory/memory.js'
import { canonicalEndpoint, canonicalPeer, checkMac } from './directory/values.js'

export interface Statements {
  readonly peers: readonly DirectoryPeer[]
  readonly endpoints: readonly DirectoryEndpoint[]
}

/**
 * Listeners hear of it at once, when this has returned: of what changed, and of nothing else.
 *
 * @param whole whether what the source said before and does not say now goes
 * @throws LinkspanError INVALID with the place of what is wrong; the directory is as it was
 */
export function say(
  directory: MemoryDirectory,
  source: string,
  statements: Statements,
  whole: boolean,
): void {
  const peers = checked('peers', statements.peers, canonicalPeer)
  const endpoints = checked('endpoints', statements.endpoints, canonicalEndpoint)
  if (whole) directory.lose(source)
  directory.putAll(source, peers, endpoints)
  if (whole) directory.synced(source)
}

/** @throws LinkspanError INVALID with the place of what is wrong; the directory is as it was */
export function remove(
  directory: MemoryDirectory,
  source: string,
  of: {
    readonly peers: readonly { vni: number; vtep: string }[]
    readonly endpoints: readonly { vni: number; mac: string }[]
  },
): { removed: number } {
  const peers = checked('peers', of.peers, ({ vni, vtep }) => ({ vni, vtep: checkVtep(vtep) }))
  const endpoints = checked('endpoints', of.endpoints, ({ vni, mac }) => {
    return { vni, mac: checkMac(mac) }
  })
  const gone = [
    ...peers.filter(({ vni, vtep }) => directory.removePeer(source, vni, vtep)),
    ...endpoints.filter(({ vni, mac }) => directory.removeEndpoint(source, vni, mac)),
  ]
  return { removed: gone.length }
}

function checked<From, To>(what: string, list: readonly From[], check: (one: From) => To): To[] {
  return list.map((one, index) => {
    try {
      return check(one)
    } catch (error) {
      if (!(error instanceof LinkspanError)) throw error
      throw new LinkspanError(error.code, `${what}[${index}]: ${error.message}`)
    }
  })
}
