/** 1,000 VNIs between two switches, and some of them also to the kernel. */
import { expect, test } from 'vitest'
import { PYTHON } from '../support/exchange.js'
import { type Linkspan, up } from '../support/linkspan.js'
import { ip, namespace, ping, within } from '../support/netns.js'
import { type Host, kernelVtep, underlayNet } from '../support/overlay-net.js'
import { must, start } from '../support/process.js'

const VNIS = 1000
const SAMPLE = 50
const all = { transmitted: 3, received: 3, duplicates: 0 }

/** Networks of VNI `number` from 0: the first and the last VNI there are, and those between. */
const vniOf = (number: number) => (number === 0 ? 0 : number === 1 ? 2 ** 24 - 1 : number * 16)
const addressOf = (number: number, end: number) =>
  `10.${100 + Math.floor(number / 250)}.${number % 250}.${end}`
const isSampled = (number: number) => number % SAMPLE === 0

/**
 * A switch with a bridge and a gateway a VNI. A container on one more bridge speaks by way of the gateway
 * to the other switch's gateways, each through the tunnel of its own VNI.
 */
function config(own: Host, peers: [Host, Host], end: number, inside?: string) {
  const bridges = Array.from({ length: VNIS }, (_, number) => {
    const [peer, kernel] = peers
    const vxlan = {
      vni: vniOf(number),
      peers: [peer.ip4, ...(isSampled(number) ? [kernel.ip4] : [])],
    }
    const gateway = { addresses: [`${addressOf(number, end)}/24`], advertise: false }
    // A gateway's MAC is made of its bridge's name: the same name would be the same MAC.
    return [`host${end}-${number}`, { gateway, vxlan }] as const
  })
  const device = {
    type: 'tap',
    netns: inside,
    name: 'eth0',
    addresses: ['10.55.0.2/24'],
    mtu: 1450,
  }
  const home = { home: { gateway: { addresses: ['10.55.0.1/24'], advertise: false } } }
  const routes = [{ to: 'default', via: '10.55.0.1' }]
  return {
    version: 1,
    underlay: { addresses: [own.ip4], netns: own.netns },
    bridges: { ...Object.fromEntries(bridges), ...(inside === undefined ? {} : home) },
    ports: inside === undefined ? {} : { c: { bridge: 'home', device: { ...device, routes } } },
    routes: inside === undefined ? [{ to: '10.55.0.0/24', via: addressOf(0, 1) }] : [],
    capacity: { bridges: VNIS + 100, tunnels: 2 * VNIS, routes: 5 * VNIS, neighbors: 4 * VNIS },
  }
}

/** Asks all addresses for an echo until they have answered. @returns those that did */
async function echoes(netns: string, addresses: readonly string[]): Promise<string[]> {
  const script = `
import select, socket, struct, sys, time
here = socket.socket(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMP)
left, answered = set(sys.stdin.read().split()), []
for attempt in range(10):
    for number, address in enumerate(sorted(left)):
        here.sendto(struct.pack('!BBHHH', 8, 0, 0, 0, number & 0xffff), (address, 0))
        while select.select([here], [], [], 0.005)[0]:
            who = here.recvfrom(2000)[1][0]
            if who in left: left.discard(who); answered.append(who)
    if not left: break
print('\\n'.join(answered))`
  const range = ['sh', '-c', 'echo 0 2147483647 > /proc/sys/net/ipv4/ping_group_range']
  await must(within(netns, ...range))
  const options = { input: addresses.join('\n') }
  const asking = start(within(netns, PYTHON, '-c', script), options)
  return (await asking.end(60_000)).stdout.trim().split('\n')
}

test('each VNI is a network of its own, from switch to switch and to the kernel', {
  timeout: 120_000,
}, async () => {
  const [a, b, c] = underlayNet(3).hosts as [Host, Host, Host]
  const inside = namespace()
  const sampled = Array.from({ length: VNIS }, (_, number) => number).filter(isSampled)
  for (const number of sampled) {
    const name = `vx${number}`
    kernelVtep(c, [c.ip4, a.ip4], { name, vni: vniOf(number) })
    ip('-n', c.netns, 'address', 'add', `${addressOf(number, 3)}/24`, 'dev', name)
  }
  const running: Linkspan = await up(config(a, [b, c], 1, inside))
  await up(config(b, [a, c], 2))
  const others = Array.from({ length: VNIS }, (_, number) => addressOf(number, 2))
  const answered = await echoes(inside, others)
  expect(new Set(answered)).toEqual(new Set(others))
  for (const number of sampled) {
    expect(await ping(c.netns, addressOf(number, 1), '-c', '3')).toEqual(all)
  }
  const drops = await running.show<{ reason: string }[]>('drops')
  expect(drops.map(({ reason }) => reason)).not.toContain('vni-unknown')
})
