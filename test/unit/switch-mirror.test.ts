/** Mirrors whose target comes later than who is mirrored, or goes before it. */
import { expect, test } from 'vitest'
import type { ConfigInput } from '../../src/config/types.js'
import { createSwitch } from '../../src/switch.js'
import { frame, station } from '../support/frames.js'

const lan = { bridge: 'lan' }
const mirror = { port: 'sniffer' }

test.each<[string, ConfigInput]>([
  ['port', { bridges: { lan: {} }, ports: { a: { ...lan, mirror }, b: lan, sniffer: lan } }],
  ['bridge', { bridges: { lan: { mirror } }, ports: { a: lan, b: lan, sniffer: lan } }],
])('the mirror of a %s goes to a port that comes after it', async (_, config) => {
  const sw = await createSwitch(config)
  sw.ports.get('a')?.send(frame(station(2), station(1)))
  sw.process()
  const copies = sw.ports.get('sniffer')?.take().length
  // What comes in by a, and on a bridge what leaves by b.
  expect(copies).toBe(config.bridges?.lan?.mirror ? 2 : 1)
  sw.close()
})
