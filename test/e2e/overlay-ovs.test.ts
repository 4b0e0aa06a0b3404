/** Interoperation with the VXLAN of Open vSwitch's userspace datapath, in both directions. */
import { expect, test } from 'vitest'
import { digestOf, echoUdp, sendTcp } from '../support/exchange.js'
import { up } from '../support/linkspan.js'
import { ip, ping, within } from '../support/netns.js'
import {
  type Container,
  container,
  give,
  type Host,
  link,
  switchOn,
  underlayNet,
} from '../support/overlay-net.js'
import { ovsDaemons } from '../support/ovs.js'
import { must } from '../support/process.js'
import { until } from '../support/until.js'

const all = { transmitted: 3, received: 3, duplicates: 0 }
const STREAM = 5_000_000

/** Its datapath reads and writes frames as they are on a wire: nobody may leave it a checksum to complete. */
const complete = (netns: string) => must(within(netns, 'ethtool', '-K', 'eth0', 'tx', 'off'))

/**
 * Open vSwitch on a host: a bridge with the host's interface and address, through which the tunnel of the
 * other bridge, that of the container, finds its way.
 */
async function ovsHost(host: Host, peer: Host, inside: Container): Promise<void> {
  const { netns } = host
  const { vsctl } = await ovsDaemons(netns)
  const [address] = [`${host.ip4}/24`]
  ip('-n', netns, 'address', 'flush', 'dev', 'eth0')
  link([inside.netns, 'eth0'], [netns, 'c0'], 1450)
  ip('-n', inside.netns, 'link', 'set', 'eth0', 'address', inside.mac)
  give(inside.netns, 'eth0', inside)
  await complete(inside.netns)
  const bridge = (name: string) => [
    '--',
    'add-br',
    name,
    '--',
    'set',
    'bridge',
    name,
    'datapath_type=netdev',
  ]
  const port = (name: string, on: string) => ['--', 'add-port', on, name]
  const vxlan = ['--', 'set', 'interface', 'vx0', 'type=vxlan', `options:remote_ip=${peer.ip4}`]
  await vsctl(...bridge('outer'), ...port('eth0', 'outer'))
  ip('-n', netns, 'address', 'add', address, 'dev', 'outer')
  ip('-n', netns, 'link', 'set', 'outer', 'up')
  await vsctl(
    ...bridge('inner'),
    ...port('c0', 'inner'),
    ...port('vx0', 'inner'),
    ...vxlan,
    'options:key=42',
  )
}

test('ping, TCP and UDP, to and fro', async () => {
  const [here, there] = underlayNet(2).hosts as [Host, Host]
  const [ours, theirs] = [container(1), container(2)]
  await complete(here.netns)
  await ovsHost(there, here, theirs)
  const running = await up(
    switchOn({ host: here, containers: [ours], vxlan: { peers: [there.ip4] } }),
  )
  await until('the two to meet', async () => {
    return (await ping(ours.netns, theirs.ip4, '-W', '1')).received === 3
  })
  const sizes = [0, 1, 18, 512, 1421, 1422, 4000, 20_000]
  for (const [from, to, address] of [
    [ours, theirs, theirs.ip4],
    [theirs, ours, ours.ip4],
    [ours, theirs, theirs.ip6],
    [theirs, ours, ours.ip6],
  ] as const) {
    expect(await ping(from.netns, address)).toEqual(all)
    const size = 1450 - (address.includes(':') ? 48 : 28)
    expect(await ping(from.netns, address, '-M', 'do', '-s', String(size))).toEqual(all)
    expect(await sendTcp(from.netns, to.netns, address, STREAM)).toBe(digestOf(STREAM))
    expect(await echoUdp(from.netns, to.netns, address, sizes)).toEqual(sizes)
  }
  expect(await running.show('drops')).toEqual([])
})
