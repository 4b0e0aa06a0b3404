// Linkspan, as a user runs it: the built command line, one worker, two TAPs.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { at } from '../../../scripts/lib/house.js'
import { addresses, idleNames, ifnames } from '../lab.js'
import { Background } from '../process.js'

export const name = 'linkspan'
export const label = 'Linkspan'
export const commands = []

const portOf = (lab, side) => ({
  bridge: 'lan',
  device: {
    type: 'tap',
    netns: lab[side],
    name: ifnames[side],
    addresses: [`${addresses[side]}/24`],
  },
})

const idlePort = (lab, name) => [
  name,
  { bridge: 'lan', device: { type: 'tap', netns: lab.host, name } },
]

/** Writes the config (JSON is YAML) and returns the command that runs it. */
export function linkspanUp(lab, folder, idlePorts = 0) {
  const idle = idleNames(idlePorts).map((name) => idlePort(lab, name))
  const ports = { a: portOf(lab, 'a'), b: portOf(lab, 'b'), ...Object.fromEntries(idle) }
  const config = { version: 1, workers: 1, bridges: { lan: {} }, ports }
  const file = join(folder, `${lab.host}.yaml`)
  writeFileSync(file, JSON.stringify(config))
  const up = ['up', '-c', file, '--socket', join(folder, `${lab.host}.sock`)]
  return [process.execPath, [at('dist/cli/linkspan.js'), ...up]]
}

/** @returns {Promise<Background[]>} its process, when it forwards */
export async function start(lab, { folder, cleanup, signal, idlePorts }) {
  const [command, args] = linkspanUp(lab, folder, idlePorts)
  const switch_ = new Background(command, args)
  cleanup.add(() => switch_.stop())
  await switch_.until(/is running/, { signal })
  return [switch_]
}
