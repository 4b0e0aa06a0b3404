/** Changes of the overlay of a running switch: what did not change does not lose a frame. */
import { beforeEach, describe, expect, test } from 'vitest'
import { configFile, type Linkspan, linkspan, up } from '../support/linkspan.js'
import { finishPing, ip, ping, startPing } from '../support/netns.js'
import {
  type Container,
  container,
  give,
  type Host,
  kernelVtep,
  onKernelBridge,
  switchOn,
  underlayNet,
} from '../support/overlay-net.js'
import type { Program } from '../support/process.js'

const all = { transmitted: 3, received: 3, duplicates: 0 }
const IMPATIENT = ['-W', '1']

let hosts: [Host, Host, Host]
let inside: [Container, Container, Container]
let running: Linkspan
let flow: Program

/** Our switch's config. */
const config = (vxlan: object, underlay: object = {}) =>
  switchOn({ host: hosts[0], containers: [inside[0]], vxlan, underlay })

/** A switch that has one of two peers, both of them kernels, and a flow to that one. */
beforeEach(async () => {
  hosts = underlayNet(3).hosts as [Host, Host, Host]
  inside = [1, 2, 3].map(container) as [Container, Container, Container]
  for (const index of [1, 2] as const) {
    kernelVtep(hosts[index], [hosts[index].ip4, hosts[0].ip4])
    onKernelBridge(hosts[index], inside[index])
  }
  running = await up(config({ peers: [hosts[1].ip4] }))
  expect(await ping(inside[0].netns, inside[1].ip4)).toEqual(all)
  flow = await startPing(inside[0].netns, inside[1].ip4)
})

const apply = (to: unknown) => running.do('apply', '-c', configFile(to))

/** That the flow, which goes on all the while, has lost nothing. */
async function nothingWasLost(): Promise<void> {
  const { transmitted, received } = await finishPing(flow)
  expect(transmitted).toBeGreaterThan(2)
  expect(received).toBe(transmitted)
}

const reach = (to: Container) => ping(inside[0].netns, to.ip4, ...IMPATIENT)

describe('with a flow to a peer that stays', () => {
  test('peers come and go', async () => {
    const [, b, c] = hosts
    for (let round = 0; round < 5; round++) {
      await apply(config({ peers: [b.ip4, c.ip4] }))
      expect(await reach(inside[2])).toEqual(all)
      await apply(config({ peers: [b.ip4] }))
    }
    expect((await reach(inside[2])).received).toBe(0)
    await nothingWasLost()
    expect(Object.keys(await running.fdb())).not.toContain(inside[2].mac)
  })

  test('TTL, DSCP, learning, strictness and suppression change', async () => {
    const peers = [hosts[1].ip4]
    for (const vxlan of [
      { ttl: 9 },
      { dscp: 46, strict: true },
      { learning: false },
      { suppress: false, tagged: true },
    ]) {
      const to = config({ peers, ...vxlan })
      expect(await linkspan('check', '-c', configFile(to))).toMatchObject({ status: 0 })
      await apply(to)
      expect(await running.show('config')).toMatchObject({
        bridges: { blue: { vxlan: { peers, ...vxlan } } },
      })
    }
    await nothingWasLost()
  })

  test('other bridges with VNIs and UDP ports of their own come and go', async () => {
    const [here, there] = hosts
    const second = { name: 'vx1', vni: 43, port: 8472 }
    kernelVtep(there, [there.ip4, here.ip4], second)
    give(there.netns, 'vx1', { ip4: '10.56.0.2', ip6: 'fd56::2' })
    const plain = config({ peers: [there.ip4] })
    const gateway = { addresses: ['10.56.0.1/24'], advertise: false }
    const vxlan = { vni: 43, port: 8472, peers: [there.ip4] }
    const more = { ...plain, bridges: { ...plain.bridges, red: { gateway, vxlan } } }
    for (let round = 0; round < 3; round++) {
      await apply(more)
      expect(await ping(there.netns, '10.56.0.1', ...IMPATIENT)).toEqual(all)
      await apply(plain)
      expect((await ping(there.netns, '10.56.0.1', ...IMPATIENT)).received).toBe(0)
    }
    await nothingWasLost()
  })

  test('what cannot be leaves everything as it was', async () => {
    const [here, there] = hosts
    const before = await running.show('config')
    // Somebody else has the UDP port.
    kernelVtep(here, [here.ip4, there.ip4], { name: 'vx9', vni: 9, port: 8472 })
    const taken = await running.run(
      'apply',
      '-c',
      configFile(config({ peers: [there.ip4], port: 8472 })),
    )
    expect([taken.status, taken.stderr]).toEqual([1, expect.stringContaining('8472')])
    // A peer of a family that the underlay has not.
    const wrong = configFile(config({ peers: [there.ip4, there.ip6] }))
    const refusals = [await linkspan('check', '-c', wrong), await running.run('apply', '-c', wrong)]
    for (const { status, stderr } of refusals) {
      expect([status, stderr]).toEqual([1, expect.stringContaining('IPv6')])
    }
    expect(await running.show('config')).toEqual(before)
    expect(await reach(inside[1])).toEqual(all)
    await nothingWasLost()
  })
})

describe('what the flow needs changes', () => {
  test('the VNI', async () => {
    const [here, there] = hosts
    ip('-n', there.netns, 'link', 'del', 'vx0')
    kernelVtep(there, [there.ip4, here.ip4], { vni: 77 })
    ip('-n', there.netns, 'link', 'set', 'vx0', 'master', 'br0')
    await apply(config({ peers: [there.ip4], vni: 77 }))
    expect(await reach(inside[1])).toEqual(all)
    expect(await ping(inside[1].netns, inside[0].ip6)).toEqual(all)
  })

  test('the UDP port', async () => {
    const [here, there] = hosts
    ip('-n', there.netns, 'link', 'del', 'vx0')
    kernelVtep(there, [there.ip4, here.ip4], { port: 8472 })
    ip('-n', there.netns, 'link', 'set', 'vx0', 'master', 'br0')
    await apply(config({ peers: [there.ip4], port: 8472 }))
    expect(await reach(inside[1])).toEqual(all)
    await apply(config({ peers: [there.ip4] }, { port: 8472 }))
    expect(await reach(inside[1])).toEqual(all)
  })

  test('our own address, and the family', async () => {
    const [here, there] = hosts
    const own = '10.9.0.101'
    ip('-n', here.netns, 'address', 'add', `${own}/24`, 'dev', 'eth0')
    ip('-n', there.netns, 'link', 'set', 'vx0', 'type', 'vxlan', 'id', '42', 'remote', own)
    await apply(config({ peers: [there.ip4] }, { addresses: [own] }))
    expect(await reach(inside[1])).toEqual(all)
    ip('-n', there.netns, 'link', 'del', 'vx0')
    kernelVtep(there, [there.ip6, here.ip6], { mtu: 1430 })
    ip('-n', there.netns, 'link', 'set', 'vx0', 'master', 'br0')
    await apply(config({ peers: [there.ip6] }, { addresses: [here.ip6] }))
    expect(await reach(inside[1])).toEqual(all)
  })

  test('no overlay any more, and again', async () => {
    const with_ = config({ peers: [hosts[1].ip4] })
    const { underlay: _, ...without } = config({})
    await apply({ ...without, bridges: { blue: {} } })
    expect((await reach(inside[1])).received).toBe(0)
    await apply(with_)
    expect(await reach(inside[1])).toEqual(all)
  })
})
