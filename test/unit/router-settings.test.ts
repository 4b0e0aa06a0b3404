/** From one router to another, when the way there ends half-way. */
import { expect, test } from 'vitest'
import { NO_ROUTER, type RouterSettings } from '../../src/config/router-settings.js'
import { type RouterTarget, setRouter } from '../../src/dataplane/routing.js'

const settings = { addresses: [], mtu: 1500, advertise: false, uplink: false }
const gateway = (bridge: string, mac: string) => ({ domain: { bridge }, mac, ...settings })

/** Has the MACs of the interfaces it was given; refuses one. */
function target(refused: string) {
  const macs: Record<string, string> = {}
  let routes: RouterSettings['routes'] = []
  const router: RouterTarget = {
    setInterface: ({ bridge }, to) => {
      if (to?.mac === refused) throw new Error('no room')
      if (to === undefined) delete macs[bridge]
      else macs[bridge] = to.mac
    },
    setRoutes: (to) => {
      routes = to
    },
    setNeighbors: () => {},
  }
  return { router, state: () => ({ macs: { ...macs }, routes }) }
}

test('what was there before is there again: removed, changed and kept', () => {
  const from: RouterSettings = {
    interfaces: [gateway('gone', '1'), gateway('changed', '2'), gateway('kept', '3')],
    routes: [{ to: '10.9.0.0/16' }],
    neighbors: [],
  }
  const { router, state } = target('no')
  setRouter(router, NO_ROUTER, from)
  const before = state()
  const interfaces = [gateway('changed', '4'), gateway('kept', '3'), gateway('new', 'no')]
  expect(() => setRouter(router, from, { ...NO_ROUTER, interfaces })).toThrow('no room')
  expect(state()).toEqual(before)
})
