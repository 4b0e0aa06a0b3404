// Where the time of the packet path goes: V8's samples by function of the module.

/** All that a burst does lies below these. */
const ENTRIES = ['process', 'resume']

/** `assembly/nat/leave/begin<u32>` → `nat/leave begin`: file and function. */
export function nameOf(name) {
  const path = name.replace(/^assembly\//, '').replace(/<.*>$/, '')
  const slash = path.lastIndexOf('/')
  return slash < 0 ? path : `${path.slice(0, slash)} ${path.slice(slash + 1)}`
}

const isWasm = ({ callFrame }) => callFrame.url.startsWith('wasm:')

/** @returns {Set<number>} the numbers of nodes at or below an entry of the module */
function below(nodes) {
  const inside = new Set()
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const isEntry = (node) =>
    isWasm(node) && ENTRIES.includes(nameOf(node.callFrame.functionName).split(' ').at(-1))
  const walk = (node, within) => {
    const counts = within || isEntry(node)
    if (counts) inside.add(node.id)
    for (const child of node.children ?? []) walk(byId.get(child), counts)
  }
  if (nodes.length > 0) walk(nodes[0], false)
  return inside
}

/**
 * The shares of functions in the time that the module takes for bursts, without what they call.
 *
 * @param {import('node:inspector').Profiler.Profile} profile
 * @returns {{name: string, share: number}[]} largest first
 */
export function sharesOf({ nodes, samples }) {
  const inside = below(nodes)
  const names = new Map(nodes.map((node) => [node.id, nameOf(node.callFrame.functionName)]))
  const counts = new Map()
  let all = 0
  for (const id of samples) {
    if (!inside.has(id)) continue
    const name = names.get(id)
    counts.set(name, (counts.get(name) ?? 0) + 1)
    all++
  }
  return [...counts]
    .map(([name, count]) => ({ name, share: count / all }))
    .sort((a, b) => b.share - a.share)
}
