// The kernel's own: on each host a vxlan device and a veth pair to the container on a bridge.
import { addresses } from '../../lab.js'
import { INNER_MTU, WIRE } from '../../overlay-lab.js'
import { run } from '../../process.js'
import { VNI } from './linkspan.js'

export const name = 'vxlan-kernel'
export const label = 'kernel'
export const commands = []

const BRIDGE = 'bn-br'
const TUNNEL = 'bn-vxlan'
const NEAR = 'bn-near'

export async function start(lab) {
  await lab.onBoth(async ({ side, host, ifname, local, remote }) => {
    const on = (...args) => run('ip', ['-n', host, ...args])
    await on('link', 'add', BRIDGE, 'type', 'bridge')
    const ends = ['local', local, 'remote', remote, 'dstport', '4789', 'dev', WIRE]
    await on('link', 'add', TUNNEL, 'type', 'vxlan', 'id', String(VNI), ...ends)
    await on('link', 'add', NEAR, 'type', 'veth', 'peer', 'name', ifname, 'netns', lab[side])
    for (const port of [TUNNEL, NEAR]) {
      await on('link', 'set', port, 'master', BRIDGE, 'mtu', String(INNER_MTU), 'up')
    }
    await on('link', 'set', BRIDGE, 'up')
    const inside = (...args) => run('ip', ['-n', lab[side], ...args])
    await inside('address', 'add', `${addresses[side]}/24`, 'dev', ifname)
    await inside('link', 'set', ifname, 'mtu', String(INNER_MTU), 'up')
  })
}
