// Linkspan as a router, as a user runs it: side a is on a bridge with a gateway, side b outside of an
// uplink; with translation or without. Two TAPs, one worker.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { at } from '../../../scripts/lib/house.js'
import { addresses, ifnames, outside } from '../lab.js'
import { Background, run } from '../process.js'

/** The router's address on the bridge. */
export const GATEWAY = '10.55.0.254'
/** And outside. */
const OUTER = '203.0.113.10'

const sockets = new WeakMap()

/** The path of the socket by which the router of a lab is spoken to. */
export const socketOf = (lab) => sockets.get(lab)

const tap = (lab, side, address, routes) => ({
  ...{ type: 'tap', netns: lab[side], name: ifnames[side], addresses: [`${address}/24`], routes },
})

function configOf(lab, nat) {
  const back = [{ to: '10.55.0.0/24', via: OUTER }]
  return {
    version: 1,
    workers: 1,
    bridges: { lan: { gateway: { addresses: [`${GATEWAY}/24`] } } },
    ports: { a: { bridge: 'lan', device: tap(lab, 'a', addresses.a, 'auto') } },
    uplinks: {
      wan: {
        device: tap(lab, 'b', outside, nat.length > 0 ? [] : back),
        addresses: [`${OUTER}/24`],
        routes: [{ to: 'default', via: outside }],
      },
    },
    nat,
  }
}

const gateway = (name, label, nat) => ({
  name,
  label,
  commands: [],
  /** Where side b is reached. */
  target: outside,
  start: async (lab, { folder, cleanup, signal }) => {
    const path = (end) => join(folder, `${lab.host}.${end}`)
    writeFileSync(path('yaml'), JSON.stringify(configOf(lab, nat)))
    const up = ['up', '-c', path('yaml'), '--socket', path('sock')]
    const router = new Background(process.execPath, [at('dist/cli/linkspan.js'), ...up])
    cleanup.add(() => router.stop())
    await router.until(/is running/, { signal })
    sockets.set(lab, path('sock'))
    return [router]
  },
  forget: (lab) => {
    const flows = ['flow', 'del', '--protocol', 'udp', '--socket', sockets.get(lab)]
    return run(process.execPath, [at('dist/cli/linkspan.js'), ...flows])
  },
})

export const routed = gateway('routed', 'routed', [])
export const translated = gateway('nat', 'through NAT', [
  { type: 'masquerade', from: { bridge: 'lan' }, uplink: 'wan' },
])
