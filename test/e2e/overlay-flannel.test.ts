/**
 * A node whose overlay was set up as flannel's vxlan backend sets up the kernel: nothing is learnt;
 * addresses, MACs and VTEPs of other nodes are static entries, and there is a route to each node's pods.
 */
import { expect, test } from 'vitest'
import { digestOf, echoUdp, sendTcp } from '../support/exchange.js'
import { up } from '../support/linkspan.js'
import { ip, ipJson, namespace, ping } from '../support/netns.js'
import { type Host, link, underlayNet } from '../support/overlay-net.js'
import { must } from '../support/process.js'

const all = { transmitted: 3, received: 3, duplicates: 0 }
const STREAM = 20_000_000

/** Linkspan's node: pods in 10.244.1.0/24. */
const OURS = {
  net: '10.244.1.0',
  gateway: '10.244.1.1',
  pod: '10.244.1.2',
  mac: '02:66:00:00:00:01',
}
/** The kernel's: pods in 10.244.2.0/24. */
const THEIRS = { net: '10.244.2.0', gateway: '10.244.2.1', pod: '10.244.2.2' }
/** What Linkspan calls the way to the other node; it is never seen on a wire. */
const WAY = { own: '169.254.244.1', peer: '169.254.244.2' }

/** What flanneld and the CNI plugin do on a node. @returns the MAC of flannel.1 and the pod's namespace */
async function flannelNode(host: Host, peer: Host): Promise<{ mac: string; pod: string }> {
  const { netns } = host
  const run = (...words: string[]) => ip('-n', netns, ...words)
  const bridge = (...words: string[]) => must(['ip', 'netns', 'exec', netns, 'bridge', ...words])
  const vxlan = ['type', 'vxlan', 'id', '1', 'dev', 'eth0', 'local', host.ip4, 'dstport', '8472']
  run('link', 'add', 'flannel.1', ...vxlan, 'nolearning')
  run('link', 'set', 'flannel.1', 'up')
  run('address', 'add', `${THEIRS.net}/32`, 'dev', 'flannel.1')
  run('neigh', 'replace', OURS.net, 'lladdr', OURS.mac, 'dev', 'flannel.1', 'nud', 'permanent')
  await bridge('fdb', 'replace', OURS.mac, 'dev', 'flannel.1', 'dst', peer.ip4)
  run('route', 'replace', `${OURS.net}/24`, 'via', OURS.net, 'dev', 'flannel.1', 'onlink')
  await must(['ip', 'netns', 'exec', netns, 'sh', '-c', 'echo 1 > /proc/sys/net/ipv4/ip_forward'])
  run('link', 'add', 'cni0', 'type', 'bridge')
  run('address', 'add', `${THEIRS.gateway}/24`, 'dev', 'cni0')
  const pod = namespace()
  link([pod, 'eth0'], [netns, 'veth0'], 1450)
  run('link', 'set', 'veth0', 'master', 'cni0')
  run('link', 'set', 'cni0', 'mtu', '1450', 'up')
  ip('-n', pod, 'address', 'add', `${THEIRS.pod}/24`, 'dev', 'eth0')
  ip('-n', pod, 'route', 'add', 'default', 'via', THEIRS.gateway)
  const [flannel] = ipJson<{ address: string }[]>(netns, 'link', 'show', 'flannel.1')
  return { mac: flannel?.address ?? '', pod }
}

/** Linkspan as a node: the bridge of its pods, and one that is nothing but the way to other nodes. */
function linkspanNode(host: Host, peer: Host, peerMac: string, pod: string) {
  const device = {
    ...{ type: 'tap', netns: pod, name: 'eth0', mtu: 1450, addresses: [`${OURS.pod}/24`] },
    routes: [{ to: 'default', via: OURS.gateway }],
  }
  return {
    version: 1,
    underlay: { addresses: [host.ip4], netns: host.netns },
    bridges: {
      cni: { gateway: { addresses: [`${OURS.gateway}/24`], advertise: false } },
      flannel: {
        gateway: { addresses: [`${WAY.own}/30`], mac: OURS.mac, advertise: false },
        vxlan: { vni: 1, port: 8472, peers: [peer.ip4], learning: false },
      },
    },
    ports: { pod: { bridge: 'cni', device } },
    fdb: [{ bridge: 'flannel', mac: peerMac, vtep: peer.ip4 }],
    neighbors: [{ bridge: 'flannel', address: WAY.peer, mac: peerMac }],
    routes: [{ to: `${THEIRS.net}/24`, via: WAY.peer }],
  }
}

test('pods on both sides reach each other: ping, TCP, UDP', async () => {
  const [here, there] = underlayNet(2).hosts as [Host, Host]
  const { mac, pod: theirs } = await flannelNode(there, here)
  const ours = namespace()
  const running = await up(linkspanNode(here, there, mac, ours))
  const ways = [
    [ours, theirs, THEIRS.pod],
    [theirs, ours, OURS.pod],
  ] as const
  for (const [from, to, address] of ways) {
    expect(await ping(from, address)).toEqual(all)
    expect(await ping(from, address, '-M', 'do', '-s', '1422')).toEqual(all)
    expect(await sendTcp(from, to, address, STREAM)).toBe(digestOf(STREAM))
    expect(await echoUdp(from, to, address, [0, 100, 1422, 5000])).toEqual([0, 100, 1422, 5000])
  }
  // The node itself speaks from flannel.1's address.
  expect(await ping(there.netns, OURS.pod)).toEqual(all)
  // And whoever learns nothing has learnt nothing: the one entry is the static one.
  const entries = await running.show<{ bridge: string; mac: string; static: boolean }[]>('fdb')
  expect(entries.filter(({ bridge }) => bridge === 'flannel')).toMatchObject([
    { mac, static: true },
  ])
})
