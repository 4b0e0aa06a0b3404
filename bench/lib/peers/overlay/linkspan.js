// Linkspan on two hosts, as a user runs it: each has one container on a bridge with a VNI, and the other
// host as its peer. One worker each.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { at } from '../../../../scripts/lib/house.js'
import { addresses } from '../../lab.js'
import { Background } from '../../process.js'

export const name = 'vxlan'
export const label = 'Linkspan'
export const commands = []

/** The network that all overlays of the bench are. */
export const VNI = 42

function configOf(lab, { side, ifname, local, remote }) {
  const device = {
    ...{ type: 'tap', netns: lab[side], name: ifname },
    addresses: [`${addresses[side]}/24`],
  }
  return {
    version: 1,
    workers: 1,
    underlay: { addresses: [local] },
    bridges: { lan: { vxlan: { vni: VNI, peers: [remote] } } },
    ports: { container: { bridge: 'lan', device } },
  }
}

/** @returns {Promise<Background[]>} both, when they forward */
export async function start(lab, { folder, cleanup, signal }) {
  const both = []
  await lab.onBoth(async (own) => {
    const file = join(folder, `${own.host}.yaml`)
    writeFileSync(file, JSON.stringify(configOf(lab, own)))
    const up = ['up', '-c', file, '--socket', join(folder, `${own.host}.sock`)]
    const command = [process.execPath, at('dist/cli/linkspan.js'), ...up]
    const switch_ = new Background('ip', ['netns', 'exec', own.host, ...command])
    cleanup.add(() => switch_.stop())
    await switch_.until(/is running/, { signal })
    both.push(switch_)
  })
  return both
}
