// The commands that figures and peers are made of.
import { groups } from '../figures/index.js'
import { peerCommands } from './peers/index.js'

/** All of them, once. */
export function benchTools() {
  const needed = Object.values(groups).flatMap((figures) =>
    figures.flatMap(({ needs }) => needs.commands ?? []),
  )
  return [...new Set([...needed, ...peerCommands])].sort()
}
