/** Tunnels and what is beside them: the router, isolation, and peers that mean harm. */
import { describe, expect, test } from 'vitest'
import { onEveryBuild } from '../support/builds.js'
import { frame, packet, station, ZERO_MAC } from '../support/frames.js'
import { trunk } from '../support/policy.js'
import { type Rig, rig } from '../support/rig.js'
import { datagram, readDatagram, run } from '../support/vxlan.js'

const [A, B, C] = [station(1), station(2), station(3)]
const REMOTE = '192.0.2.2'
const GATEWAY = Uint8Array.of(2, 0xff, 0, 0, 0, 0)

/** The packets of the supports are from 10.55.0.1 to 10.55.0.2. */
function routed(build: Parameters<typeof rig>[0], mtu: number, vlan?: number): Rig {
  const policy = vlan === undefined ? {} : { policy: { vlan: trunk([vlan]) } }
  const on = rig(build).bridge('lan', { vlanAware: vlan !== undefined })
  on.port('a', policy).bridge('far').underlay().tunnel('t', { bridge: 'far', remote: REMOTE, mtu })
  const own = { addresses: ['10.55.0.9/30'], mac: '02:ff:00:00:00:00' }
  on.gateway('lan', {
    addresses: ['10.55.0.5/29'],
    mac: own.mac,
    ...(vlan !== undefined && { vlan }),
  })
  on.gateway('far', { addresses: ['10.55.1.1/24'], mtu: 1450 })
  on.routes({ to: '10.55.0.2/32', via: '10.55.1.2' })
  on.neighbors({ bridge: 'far', address: '10.55.1.2', mac: '02:00:00:00:00:03' })
  on.inject('underlay', datagram(frame(B, C))).run()
  on.deliveries()
  return on
}

onEveryBuild('a tunnel beside a router', (build) => {
  test('takes what was routed to a station behind it', () => {
    const on = routed(build, 1450)
    on.inject('a', packet({ to: GATEWAY, from: A, protocol: 'udp', payload: 100 }).frame).run()
    const [sent] = on.frames('underlay').map(readDatagram)
    expect([...(sent?.inner.slice(0, 6) ?? [])]).toEqual([...C])
  })

  test('takes what came tagged by a trunk, without the tag', () => {
    const on = routed(build, 1450, 5)
    const tags = [{ vid: 5 }]
    on.inject('a', packet({ to: GATEWAY, from: A, protocol: 'udp', tags }).frame).run()
    const [sent] = on.frames('underlay').map(readDatagram)
    expect([...(sent?.inner.slice(12, 14) ?? [])]).toEqual([0x08, 0])
    expect(on.drops()).not.toHaveProperty('t tunnel-tagged')
  })

  test('X8: narrower than the interface says so to the sender', () => {
    const on = routed(build, 1300)
    on.inject('a', packet({ to: GATEWAY, from: A, protocol: 'udp', payload: 1350 }).frame).run()
    expect(on.drops()).toMatchObject({ 'a needs-fragmentation': 1 })
    const [answer] = on.frames('a') as [Uint8Array]
    const view = new DataView(answer.buffer, answer.byteOffset)
    expect([view.getUint8(34), view.getUint8(35), view.getUint16(40)]).toEqual([3, 4, 1300])
  })
})

onEveryBuild('an isolated port', (build) => {
  test('does not reach an isolated tunnel, nor is reached by it', () => {
    const isolated = { policy: { isolated: true } }
    const on = rig(build).underlay().port('a', isolated).port('b')
    on.tunnel('t', { remote: REMOTE, ...isolated })
    on.inject('a', frame(B, A)).run()
    expect(on.deliveries()).toEqual({ b: 1 })
    on.inject('underlay', datagram(frame(A, C))).run()
    expect(on.drops()).toEqual({ 'a isolated': 1 })
  })
})

describe('a peer that means harm', () => {
  onEveryBuild('sends runs of frames that are all dropped', (build) => {
    test('and reaches no octet beyond the arena', () => {
      const on = rig(build, { capacity: { arena: 1 << 20 } })
        .underlay()
        .port('a')
      on.tunnel('t', { remote: REMOTE })
      const memory = new Uint8Array(on.attachment.memory.buffer)
      const behind = on.forwarder.arena + (1 << 20)
      // The control thread's arena lies behind that of the only worker, and nobody uses it.
      memory.fill(0xa5, behind, behind + (1 << 20))
      const worthless = Array.from({ length: 64 }, () => frame(A, ZERO_MAC, 0, 18))
      for (let round = 0; round < 3; round++) {
        for (let n = 0; n < 256; n++) on.inject('underlay', run(worthless))
        on.run()
      }
      expect(memory.subarray(behind, behind + (1 << 20)).every((octet) => octet === 0xa5)).toBe(
        true,
      )
      expect(on.drops()).toEqual({ 't source-invalid': 3 * 256 * 64 })
      on.inject('underlay', datagram(frame(A, C))).run()
      expect(on.frames('a')).toEqual([frame(A, C)])
    })
  })
})
