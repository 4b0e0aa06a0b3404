/** Switches of two workers: what flows are promised holds, whichever workers have their two directions. */
import { describe, expect, test } from 'vitest'
import type { FlowView } from '../../src/control/api/flows.js'
import type { PortView } from '../../src/control/view.js'
import { lab, two } from '../support/lab.js'
import { type Linkspan, up } from '../support/linkspan.js'
import { numbered, outOfOrder, type Place, streams } from '../support/many.js'
import { narrowLab } from '../support/nat-hosts.js'
import { ping } from '../support/netns.js'
import { type OverlayHost, overlayConfigs } from '../support/overlay-lab.js'

const FLOWS = 16
const DATAGRAMS = 400
const CONNECTIONS = 40
const OCTETS = 1 << 22
const PORT = 7008

const workers = { workers: 2 }
const whole = { answered: FLOWS * DATAGRAMS, disordered: 0 }

/**
 * Datagrams and streams from one namespace to another and back: in order, as TCP sees it too, with
 * their content, and with nothing dropped by any of the switches.
 */
async function exchange(switches: readonly Linkspan[], from: string, to: Place): Promise<void> {
  const drops = async () => await Promise.all(switches.map((each) => each.show('drops')))
  const none = switches.map(() => [])
  const told = await numbered(from, to, FLOWS, DATAGRAMS)
  expect({ ...told, drops: await drops() }).toEqual({ ...whole, drops: none })
  const before = await outOfOrder(from, to.netns)
  const right = await streams(from, to, CONNECTIONS, OCTETS)
  const late = (await outOfOrder(from, to.netns)) - before
  expect({ right, late, drops: await drops() }).toEqual({
    right: CONNECTIONS,
    late: 0,
    drops: none,
  })
}

/** Both have worked, nothing was dropped, and what workers count is what ports count. */
async function isSound(running: Linkspan): Promise<void> {
  expect(await running.show('drops')).toEqual([])
  const shown = await running.show<{ state: string; frames: number }[]>('workers')
  expect(shown.map(({ state }) => state)).toEqual(['running', 'running'])
  for (const { frames } of shown) expect(frames).toBeGreaterThan(100)
  const ports = await running.show<PortView[]>('ports')
  for (const { rx, tx } of ports) expect(Math.min(rx.frames, tx.frames)).toBeGreaterThan(100)
}

const flowsOf = async (running: Linkspan, protocol: string) =>
  await running.show<FlowView[]>(`flows?protocol=${protocol}`)

describe('two workers', () => {
  test('switch many flows in order, and lose none of them', async () => {
    const { stations, config } = lab(2, { ipv6: false })
    const [a, b] = two(stations)
    const running = await up({ ...config, ...workers })
    await exchange([running], a.netns, { netns: b.netns, at: [b.ip4, PORT] })
    await exchange([running], b.netns, { netns: a.netns, at: [a.ip4, PORT] })
    await isSound(running)
  })

  test('translate what goes out, and what comes in to a published port, one flow a connection', async () => {
    const { inside, outside, config } = narrowLab({ ipv6: false })
    const publish = ['tcp', 'udp'].map((protocol) => {
      const to = [`10.55.0.2:${PORT}`]
      return { name: `web-${protocol}`, listen: 'wan:8080', to, protocol: [protocol] }
    })
    const running = await up({ ...config, ...workers, publish })
    // What waits for a neighbour is bounded: let it be known first.
    await ping(inside, '203.0.113.1')
    await exchange([running], inside, { netns: outside, at: ['203.0.113.1', PORT] })
    const published = ['203.0.113.10', 8080] as const
    await exchange([running], outside, {
      netns: inside,
      at: ['10.55.0.2', PORT],
      called: published,
    })
    await isSound(running)
    for (const [protocol, count] of [
      ['udp', FLOWS],
      ['tcp', CONNECTIONS],
    ] as const) {
      const flows = await flowsOf(running, protocol)
      for (const kind of ['source', 'destination']) {
        expect(flows.filter(({ nat }) => nat.join() === kind)).toHaveLength(count)
      }
      expect(flows).toHaveLength(2 * count)
    }
    expect(await running.do('flow', 'del', '--protocol', 'udp')).toBe(`${2 * FLOWS} flows ended\n`)
    expect(await flowsOf(running, 'udp')).toEqual([])
  })

  test('carry flows through a tunnel, two at each end', async () => {
    const hosts = overlayConfigs()
    const ends = await Promise.all(hosts.map(({ config }) => up({ ...config, ...workers })))
    const [a, b] = hosts.map(({ station }) => station) as [
      OverlayHost['station'],
      OverlayHost['station'],
    ]
    await exchange(ends, a.netns, { netns: b.netns, at: [b.ip4, PORT] })
    await exchange(ends, b.netns, { netns: a.netns, at: [a.ip4, PORT] })
    for (const running of ends) await isSound(running)
  })
})
