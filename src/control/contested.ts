/** What sources of a directory began to say against each other. */
import type {
  DirectoryBatch,
  DirectoryChange,
  DirectoryEndpoint,
  DirectoryPeer,
  Marks,
} from './directory/directory.js'
import type { SwitchEvents } from './switch-events.js'

/** More of a batch are not told of one by one: `show endpoints` has them all. */
const TOLD_MAX = 100

/** Those of a batch that are contested now and were not before. */
export function contestedIn({ peers, endpoints }: DirectoryBatch): SwitchEvents['contested'][0][] {
  const changes: readonly DirectoryChange<Known>[] = [...peers, ...endpoints]
  return changes
    .filter(isNew)
    .slice(0, TOLD_MAX)
    .map((change) => {
      const { vni, vtep, source, ...rest } = change.op === 'removed' ? change.from : change.to
      return { vni, vtep, source, ...('mac' in rest && { mac: rest.mac }) }
    })
}

type Known = (DirectoryPeer | DirectoryEndpoint) & Marks

function isNew(change: DirectoryChange<Known>): boolean {
  if (change.op === 'removed' || !change.to.contested) return false
  return change.op === 'added' || !change.from.contested
}
