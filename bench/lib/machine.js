// What the figures were measured on. No names of machines or people.
import { cpus, release, totalmem } from 'node:os'
import { packageJson } from '../../scripts/lib/house.js'
import { flags } from './compile.js'
import { commit } from './place.js'
import { run } from './process.js'

/** The first line of what a command says of itself; null when it is not there. */
async function versionOf(command, args) {
  try {
    const [line] = (await run(command, args)).trim().split('\n')
    return line
  } catch {
    return null
  }
}

const commands = {
  iperf3: ['iperf3', ['--version']],
  openvswitch: ['ovs-vswitchd', ['--version']],
  vde: ['vde_switch', ['--version']],
  nft: ['nft', ['--version']],
  compiler: ['cc', ['--version']],
}

export async function describeMachine() {
  const [cpu] = cpus()
  const [kernel] = release().split('-') // what follows names who built it
  const versions = await Promise.all(
    Object.entries(commands).map(async ([name, call]) => [name, await versionOf(...call)]),
  )
  return {
    processor: cpu?.model.trim() ?? null,
    processors: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${process.platform} ${kernel} ${process.arch}`,
    node: process.version,
    linkspan: packageJson().version,
    ...Object.fromEntries(versions),
    commit: await commit(),
    compilerFlags: flags.join(' '),
  }
}
