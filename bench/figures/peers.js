// Contestants that are switches.

/** Ourselves. */
const ours = ['linkspan', 'routed', 'nat', 'vxlan']

/**
 * Makes a contestant of every peer that runs here; why one does not is a note.
 *
 * @param {string[]} names
 * @param {(peer: {lab: import('../lib/lab.js').Lab}) => Promise<() => Promise<object>>} prepare
 *   returns what measures
 * @returns {Promise<{contestants: import('../lib/alternate.js').Contestant[], notes: string[]}>}
 */
export async function eachPeer(names, { peers, signal }, prepare) {
  const contestants = []
  const notes = []
  for (const name of names) {
    try {
      const peer = await peers.get(name)
      contestants.push({ name, label: peer.label, measure: await prepare(peer) })
    } catch (error) {
      // Without ourselves there is nothing to compare; without a peer there is still the rest.
      if (signal.aborted || ours.includes(name)) throw error
      notes.push(error.message)
    }
  }
  return { contestants, notes }
}
