// vde_switch with two TAPs.
import { join } from 'node:path'
import { idleNames, ifnames } from '../lab.js'
import { Background } from '../process.js'
import { poll } from '../wait.js'

export const name = 'vde'
export const label = 'VDE'
export const commands = ['vde_switch']

export async function start(lab, { folder, cleanup, signal, idlePorts }) {
  const idle = idleNames(idlePorts)
  const taps = [...idle, ...Object.values(ifnames)].flatMap((ifname) => ['-t', ifname])
  // A hub has 32 ports unless it is told.
  const sock = ['-s', join(folder, `${lab.host}.vde`), '-n', String(idlePorts + 32)]
  // It reads commands and ends with its standard input: the pipe stays open until it is stopped.
  const vde = new Background('ip', ['netns', 'exec', lab.host, 'vde_switch', ...sock, ...taps])
  cleanup.add(() => vde.stop())
  await poll(() => lab.inside(lab.host, 'ip', ['link', 'show', ifnames.b]), { signal })
  await lab.adopt()
  await lab.setUpIdle(idle)
  return [vde]
}
