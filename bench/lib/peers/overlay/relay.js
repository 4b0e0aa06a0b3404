// The C program: one on each host, a TAP on one side and a UDP socket on the other.
import { compiled } from '../../compile.js'
import { Background } from '../../process.js'
import { VNI } from './linkspan.js'

export const name = 'vxlan-relay'
export const label = 'C program'
export const commands = ['cc']

export async function start(lab, { cleanup, signal }) {
  const both = []
  const program = await compiled('vxlan-relay')
  await lab.onBoth(async ({ host, ifname, local, remote }) => {
    const inside = ['netns', 'exec', host, program, ifname, String(VNI), local, remote]
    const relay = new Background('ip', inside)
    cleanup.add(() => relay.stop())
    await relay.until(/^ready/, { signal })
    both.push(relay)
  })
  await lab.adopt()
  return both
}
