// The kernel's bridge, with a veth pair to each side: what containers are joined by where there is no
// switch of their own. No process, no TAP.
import { idleNames, ifnames } from '../lab.js'
import { run } from '../process.js'

export const name = 'bridge'
export const label = 'kernel bridge (veth)'
export const commands = []

const BRIDGE = 'bn-br'

/** The end of a veth pair that is a port of the bridge. */
const near = (ifname) => `${ifname}-n`

export async function start(lab, { idlePorts }) {
  const on = (...args) => run('ip', ['-n', lab.host, ...args])
  await on('link', 'add', BRIDGE, 'type', 'bridge')
  await on('link', 'set', BRIDGE, 'up')
  const idle = idleNames(idlePorts)
  for (const ifname of [...Object.values(ifnames), ...idle]) {
    await on('link', 'add', near(ifname), 'type', 'veth', 'peer', 'name', ifname)
    await on('link', 'set', near(ifname), 'master', BRIDGE, 'up')
  }
  await lab.adopt()
  await lab.setUpIdle(idle)
}
