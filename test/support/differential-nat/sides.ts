/** The two routers of the comparison: Linkspan, and the kernel with masquerade, DNAT and conntrack. */
import { openEnd } from '../differential/side.js'
import { macText } from '../ip.js'
import { up } from '../linkspan.js'
import { ip, namespace, within } from '../netns.js'
import { must } from '../process.js'
import type { RawQueue } from '../raw-queue.js'
import {
  ENDS,
  type End,
  EXTERNAL,
  GATEWAY,
  HOSTS,
  MARKER_HOST,
  MARKER_PORT,
  MTU,
  macOf,
  NEIGHBORS,
  PUBLISHED,
  ROUTER,
} from './places.js'

export interface Router {
  name: 'Linkspan' | 'the kernel'
  ends: Record<End, RawQueue>
}

const inside = [...HOSTS, MARKER_HOST]

export async function linkspanRouter(): Promise<Router> {
  const netns = namespace(undefined, { ipv6: false })
  const device = { type: 'tap', netns }
  const neighbors = [
    ...inside.map((address) => ({ bridge: 'lan', address })),
    ...NEIGHBORS.map((address) => ({ uplink: 'wan', address })),
  ]
  const { port, to, toPort } = PUBLISHED
  await up({
    version: 1,
    workers: 1, // more may swap packets of the two ends
    bridges: { lan: { gateway: { addresses: [`${GATEWAY}/24`], mac: macText(ROUTER.inside) } } },
    ports: { host: { bridge: 'lan', device: { ...device, name: 'inside' } } },
    uplinks: {
      wan: {
        device: { ...device, name: 'outside' },
        addresses: [`${EXTERNAL}/24`],
        routes: [{ to: 'default', via: NEIGHBORS[0] }],
        mac: macText(ROUTER.outside),
        mtu: MTU.outside,
      },
    },
    neighbors: neighbors.map((one) => ({ ...one, mac: macText(macOf(one.address)) })),
    nat: [{ type: 'masquerade', from: { bridge: 'lan' }, uplink: 'wan' }],
    publish: [
      {
        name: 'web',
        listen: `wan:${port}`,
        to: [`${to}:${toPort}`],
        protocol: ['tcp', 'udp'],
      },
      {
        name: 'marker',
        listen: `wan:${MARKER_PORT}`,
        to: [`${MARKER_HOST}:${MARKER_PORT}`],
        protocol: ['udp'],
      },
    ],
  })
  const ends = { inside: openEnd(netns, 'inside'), outside: openEnd(netns, 'outside') }
  return { name: 'Linkspan', ends }
}

/** As a careful administrator writes it: nothing invalid passes, and nobody asks the router itself. */
function rules(open: boolean): string {
  const { port, to, toPort } = PUBLISHED
  const dnat = (protocol: string) => `iifname outside ip daddr ${EXTERNAL} ${protocol} dport`
  const filter = `
    chain input {
      type filter hook input priority 0;
      ct state invalid drop
      iifname outside meta l4proto { tcp, udp } drop
    }
    chain forward {
      type filter hook forward priority 0;
      ct state invalid drop
      tcp flags & (syn | rst) == syn tcp option maxseg size set ${MTU.outside - 40}
    }`
  return `table ip nat {
    chain prerouting {
      type nat hook prerouting priority -100;
      ${dnat('tcp')} ${port} dnat to ${to}:${toPort}
      ${dnat('udp')} ${port} dnat to ${to}:${toPort}
      ${dnat('udp')} ${MARKER_PORT} dnat to ${MARKER_HOST}
    }
    chain postrouting {
      type nat hook postrouting priority 100;
      oifname outside ip saddr 10.55.0.0/24 masquerade
    }
    ${open ? '' : filter}
  }`
}

const SETTINGS = [
  'ipv4/ip_forward=1',
  'ipv4/icmp_ratelimit=0',
  'ipv4/conf/all/rp_filter=2',
  'ipv4/conf/all/send_redirects=0',
]

/** `open`: without a filter, as the rules of NAT alone leave it. */
export async function kernelRouter({ open = false } = {}): Promise<Router> {
  const router = namespace(undefined, { ipv6: false })
  const hosts = namespace(undefined, { ipv6: false })
  const set = SETTINGS.map((setting) => setting.replace(/(.*)=(.*)/, 'echo $2 > /proc/sys/net/$1'))
  await must(within(router, 'sh', '-c', set.join(' && ')))
  const in_ = (...words: string[]) => ip('-n', router, ...words)
  for (const end of ENDS) {
    in_('link', 'add', end, 'type', 'veth', 'peer', 'name', end, 'netns', hosts)
    in_('link', 'set', end, 'address', macText(ROUTER[end]), 'mtu', String(MTU[end]), 'up')
    ip('-n', hosts, 'link', 'set', end, 'arp', 'off', 'up')
    in_('address', 'add', `${end === 'inside' ? GATEWAY : EXTERNAL}/24`, 'dev', end)
  }
  in_('route', 'add', 'default', 'via', NEIGHBORS[0])
  for (const address of [...inside, ...NEIGHBORS]) {
    const dev = address.startsWith('10.') ? 'inside' : 'outside'
    in_('neigh', 'add', address, 'lladdr', macText(macOf(address)), 'dev', dev, 'nud', 'permanent')
  }
  await must(within(router, 'nft', rules(open)))
  const ends = { inside: openEnd(hosts, 'inside'), outside: openEnd(hosts, 'outside') }
  return { name: 'the kernel', ends }
}
