// n2n: a supernode on host a, an edge with a TAP on each. Edges of version 1 cannot do without encryption
// and compression.
import { addresses } from '../../lab.js'
import { vteps } from '../../overlay-lab.js'
import { Background, run } from '../../process.js'
import { poll } from '../../wait.js'

export const name = 'n2n'
export const label = 'n2n'
export const commands = ['edge', 'supernode']

const SUPERNODE = '7777'
/** Its own default. */
const MTU = 1400

export async function start(lab, { cleanup, signal }) {
  const all = []
  const inside = (netns, ...command) => {
    const running = new Background('ip', ['netns', 'exec', netns, ...command])
    cleanup.add(() => running.stop())
    all.push(running)
  }
  inside(lab.hosts.a, 'supernode', '-l', SUPERNODE)
  await lab.onBoth(async ({ side, host, ifname }) => {
    const community = ['-c', 'bench', '-k', 'bench', '-l', `${vteps.a}:${SUPERNODE}`]
    inside(host, 'edge', '-d', ifname, '-a', addresses[side], ...community, '-M', String(MTU))
    await poll(() => run('ip', ['-n', host, 'link', 'show', ifname, 'up']), { signal })
  })
  await lab.adopt(MTU)
  return all
}
