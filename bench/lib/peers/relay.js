// The C program: reads a TAP, writes the other, with virtio headers and all offloads.
import { compiled } from '../compile.js'
import { ifnames } from '../lab.js'
import { Background } from '../process.js'

export const name = 'relay'
export const label = 'C program'
export const commands = ['cc']

export async function start(lab, { cleanup, signal }) {
  const taps = [ifnames.a, ifnames.b]
  const inside = ['netns', 'exec', lab.host, await compiled('tap-relay'), '--offload', ...taps]
  const relay = new Background('ip', inside)
  cleanup.add(() => relay.stop())
  await relay.until(/^ready/, { signal })
  await lab.adopt()
  return [relay]
}
