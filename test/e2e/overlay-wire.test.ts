/** What comes over the underlay that should not, each as real packets: dropped, counted, and nobody else pays. */
import { describe, expect, test } from 'vitest'
import { digestOf, PYTHON, sendTcp } from '../support/exchange.js'
import { type Linkspan, startUp, up } from '../support/linkspan.js'
import { finishPing, ip, ping, startPing, within } from '../support/netns.js'
import {
  type Container,
  container,
  type Host,
  kernelVtep,
  onKernelBridge,
  switchOn,
  underlayNet,
} from '../support/overlay-net.js'
import { must } from '../support/process.js'
import { heard, listen } from '../support/traffic.js'
import { until } from '../support/until.js'

const all = { transmitted: 3, received: 3, duplicates: 0 }
const COUNT = 5

interface Lab {
  hosts: [Host, Host, Host]
  ours: Container
  theirs: Container
  running: Linkspan
}

/** A switch, a listed peer with a container, and a stranger. */
async function lab(vxlan: object = {}): Promise<Lab> {
  const hosts = underlayNet(3).hosts as [Host, Host, Host]
  const [here, there] = hosts
  const [ours, theirs] = [container(1), container(2)]
  kernelVtep(there, [there.ip4, here.ip4])
  onKernelBridge(there, theirs)
  const config = switchOn({
    host: here,
    containers: [ours],
    vxlan: { peers: [there.ip4], ...vxlan },
  })
  return { hosts, ours, theirs, running: await up(config) }
}

/** Sends what scapy makes of an expression from a host to another, each `COUNT` times. */
async function send(from: Host, to: Host, packets: readonly string[]): Promise<void> {
  const script = `
import logging
logging.getLogger('scapy.runtime').setLevel(logging.ERROR)
from scapy.all import *
outer = IP(src='${from.ip4}', dst='${to.ip4}') / UDP(sport=50000, dport=4789)
frame = Ether(dst='ff:ff:ff:ff:ff:ff', src='02:55:00:00:00:66') / IP(src='10.55.0.66', dst='10.55.0.1') / UDP(dport=9) / b'x'
for packet in [${packets.join(', ')}]:
    send(packet, count=${COUNT}, verbose=False)`
  await must(within(from.netns, PYTHON, '-c', script))
}

/** What `linkspan show drops` prints, as a person reads it. */
async function shown(running: Linkspan): Promise<Record<string, number>> {
  const [, ...lines] = (await running.do('show', 'drops')).trim().split('\n')
  const words = lines.map((line) => line.split(/\s+/) as [string, string, string])
  return Object.fromEntries(words.map(([port, reason, frames]) => [`${port} ${reason}`, +frames]))
}

const UNDERLAY = 'underlay@10.9.0.1:4789'
const TUNNEL = 'blue@10.9.0.2'

describe('datagrams that nobody should send', () => {
  const cases: [string, string, string, object?][] = [
    ['no I flag (X1)', 'outer / VXLAN(flags=0, vni=42) / frame', `${UNDERLAY} vxlan-header`],
    ['less than a header', 'outer / b"1234567"', `${UNDERLAY} vxlan-header`],
    ['an unknown VNI (X3)', 'outer / VXLAN(vni=43) / frame', `${UNDERLAY} vni-unknown`],
    ['no inner frame', 'outer / VXLAN(vni=42)', `${TUNNEL} short-frame`],
    ['a short inner frame', 'outer / VXLAN(vni=42) / b"0123456789abc"', `${TUNNEL} short-frame`],
    [
      'an inner VLAN tag (X7)',
      'outer / VXLAN(vni=42) / Ether(src="02:55:00:00:00:66") / Dot1Q(vlan=5) / IP()',
      `${TUNNEL} overlay-tagged`,
    ],
    [
      'a group as the inner source',
      'outer / VXLAN(vni=42) / Ether(src="03:55:00:00:00:66") / IP()',
      `${TUNNEL} source-invalid`,
    ],
    [
      'reserved bits, strict (X2)',
      'outer / VXLAN(vni=42, reserved2=1) / frame',
      `${TUNNEL} vxlan-header`,
      { strict: true },
    ],
    [
      'congestion that nobody inside hears of (RFC 6040)',
      'IP(src="10.9.0.2", dst="10.9.0.1", tos=3) / outer[UDP] / VXLAN(vni=42) / frame',
      `${TUNNEL} congestion-marked`,
    ],
  ]
  test.each(cases)('%s', async (_, packet, drop, vxlan) => {
    const { hosts, ours, theirs, running } = await lab(vxlan)
    expect(await ping(ours.netns, theirs.ip4)).toEqual(all)
    const flow = await startPing(ours.netns, theirs.ip4)
    await send(hosts[1], hosts[0], [packet])
    await until('the drop to be shown', async () => (await shown(running))[drop] === COUNT)
    const { transmitted, received } = await finishPing(flow)
    expect(received).toBe(transmitted)
    expect(await shown(running)).toEqual({ [drop]: COUNT })
    expect(await running.fdb()).not.toHaveProperty('02:55:00:00:00:66')
  })

  test('of a VTEP that is not listed (X9, T7)', async () => {
    const { hosts, ours, theirs, running } = await lab()
    await send(hosts[2], hosts[0], ['outer / VXLAN(vni=42) / frame'])
    await until('the drop to be shown', async () => {
      return (await shown(running))[`${UNDERLAY} vtep-unlisted`] === COUNT
    })
    expect(await running.fdb()).not.toHaveProperty('02:55:00:00:00:66')
    expect(await ping(ours.netns, theirs.ip4)).toEqual(all)
  })

  test('with a wrong outer checksum: the kernel drops them, and its counter is shown (X5)', async () => {
    const { hosts, ours, theirs, running } = await lab()
    const udp = 'IP(src="10.9.0.2", dst="10.9.0.1") / UDP(sport=50000, dport=4789, chksum=0x1234)'
    // Short ones the kernel counts for the namespace alone, before it knows whose they are.
    await send(hosts[1], hosts[0], [`${udp} / VXLAN(vni=42) / frame / (b"x" * 100)`])
    await until('the kernel to have counted', async () => {
      return ((await running.port(UNDERLAY)).kernelDrops ?? 0) >= COUNT
    })
    expect(await running.fdb()).not.toHaveProperty('02:55:00:00:00:66')
    expect(await ping(ours.netns, theirs.ip4)).toEqual(all)
  })

  test('without an outer checksum, with reserved bits, and VXLAN inside: all are let in', async () => {
    const { hosts, ours, theirs, running } = await lab()
    expect(await ping(ours.netns, theirs.ip4)).toEqual(all)
    const ear = await listen(ours.netns, 'udp and host 10.55.0.66')
    await send(hosts[1], hosts[0], [
      'IP(src="10.9.0.2", dst="10.9.0.1") / UDP(sport=50000, dport=4789, chksum=0) / VXLAN(vni=42) / frame',
      'outer / bytes([0xff, 0xff, 0xff, 0xff, 0, 0, 42, 0xff]) / frame',
      'outer / VXLAN(vni=42) / frame[Ether].copy() / b"padding"',
      'outer / VXLAN(vni=42) / Ether(dst="ff:ff:ff:ff:ff:ff", src="02:55:00:00:00:66") / IP(src="10.55.0.66", dst="10.55.0.1") / UDP(dport=4789) / VXLAN(vni=42) / frame',
    ])
    await until(
      'all to come',
      () => (ear.stdout.match(/10\.55\.0\.66\.\d+ > /g) ?? []).length >= 4 * COUNT,
    )
    await heard(ear)
    expect(await shown(running)).toEqual({})
    expect((await running.fdb())['02:55:00:00:00:66']).toBe(TUNNEL)
  })
})

describe('two that claim one VTEP address', () => {
  test('on two hosts: both are one peer, and it is reached again when one lets go', async () => {
    const { hosts, ours, theirs, running } = await lab()
    const other = container(3)
    const [here, there, thief] = hosts
    expect(await ping(ours.netns, theirs.ip4)).toEqual(all)
    // The thief takes the peer's address, and has a container of its own.
    ip('-n', thief.netns, 'address', 'flush', 'dev', 'eth0', 'scope', 'global')
    ip('-n', thief.netns, 'address', 'add', `${there.ip4}/24`, 'dev', 'eth0')
    kernelVtep(thief, [there.ip4, here.ip4])
    onKernelBridge(thief, other)
    await ping(other.netns, ours.ip4, '-W', '1')
    await until('both to be learnt behind the one peer', async () => {
      const fdb = await running.fdb()
      return fdb[other.mac] === TUNNEL && fdb[theirs.mac] === TUNNEL
    })
    // When it lets go of it, all is as it was: nothing of ours is to be mended by hand.
    ip('-n', thief.netns, 'link', 'set', 'eth0', 'down')
    ip('-n', here.netns, 'neigh', 'flush', 'dev', 'eth0')
    await until('the peer to be reached again', async () => {
      return (await ping(ours.netns, theirs.ip4, '-W', '1')).received === 3
    })
    expect(await sendTcp(ours.netns, theirs.netns, theirs.ip4, 1_000_000)).toBe(digestOf(1_000_000))
  })

  test.each([1, 2])(
    'on one host: the second switch, of %i workers, says who has it',
    async (workers) => {
      const { hosts } = underlayNet(1)
      const host = hosts[0] as Host
      const config = (number: number) => ({
        ...switchOn({ host, containers: [container(number)], vxlan: { peers: ['10.9.0.2'] } }),
        workers,
      })
      await up(config(1))
      const second = startUp(config(2))
      const { status, stderr } = await second.program.end()
      expect(status).toBe(1)
      expect(stderr).toMatch(/UDP port 4789/)
    },
  )
})
