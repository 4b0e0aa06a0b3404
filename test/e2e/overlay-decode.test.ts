/** What of our datagrams others say: tshark of all kinds of them, tcpdump and the kernel of their service. */
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { echoUdp, sendTcp } from '../support/exchange.js'
import { directory, up } from '../support/linkspan.js'
import { ping, within } from '../support/netns.js'
import {
  type Container,
  container,
  type Host,
  kernelVtep,
  OVERHEAD,
  onKernelBridge,
  switchOn,
  underlayNet,
} from '../support/overlay-net.js'
import { must, start } from '../support/process.js'
import { heard, listen } from '../support/traffic.js'
import { until } from '../support/until.js'

const all = { transmitted: 3, received: 3, duplicates: 0 }

interface Lab {
  here: Host
  there: Host
  ours: Container
  theirs: Container
}

async function lab(version: 4 | 6, vxlan: object = {}, bridge: object = {}): Promise<Lab> {
  const [here, there] = underlayNet(2).hosts as [Host, Host]
  const [ours, theirs] = [container(1), container(2)]
  const [local, remote] = version === 4 ? [here.ip4, there.ip4] : [here.ip6, there.ip6]
  const mtu = 1500 - OVERHEAD[version]
  kernelVtep(there, [remote, local], { mtu, words: ['tos', 'inherit'] })
  onKernelBridge(there, theirs, mtu)
  // What leaves has checksums, as on a wire.
  await must(within(here.netns, 'ethtool', '-K', 'eth0', 'tx', 'off'))
  const options = { host: here, containers: [ours], version, bridge }
  await up(switchOn({ ...options, vxlan: { peers: [remote], ...vxlan } }))
  return { here, there, ours, theirs }
}

const PREFERENCES = ['ip', 'udp', 'tcp']
  .flatMap((protocol) => ['-o', `${protocol}.check_checksum:TRUE`])
  .concat('-o', 'tcp.analyze_sequence_numbers:FALSE')

const WRONG = [
  '_ws.malformed',
  '_ws.expert.severity == error',
  '_ws.expert.severity == warning',
  ...['ip', 'udp', 'tcp', 'icmp', 'icmpv6'].map((protocol) => `${protocol}.checksum.status == Bad`),
].join(' || ')

/** tshark's reading of a capture file: a line a packet that fits the filter. */
const tshark = async (file: string, filter: string, ...words: string[]) =>
  (await must(['tshark', '-r', file, ...PREFERENCES, '-Y', filter, ...words]))
    .split('\n')
    .filter(Boolean)

describe.each([
  [4, { vni: 42 }],
  [6, { vni: 42, dscp: 46, ttl: 255 }],
] as const)('tshark, of an underlay over IPv%i', (version, vxlan) => {
  test('finds nothing to complain of in whatever we emit', async () => {
    const gateway = { gateway: { addresses: ['10.55.0.254/24', 'fd55::254/64'] } }
    const { here, ours, theirs } = await lab(version, vxlan, gateway)
    const file = join(directory(), 'outer.pcap')
    const words = ['tcpdump', '-i', 'eth0', '-U', '-Q', 'out', '-w', file, 'udp port 4789']
    const capturing = start(within(here.netns, ...words))
    await capturing.prints('listening on')
    for (const to of [theirs.ip4, theirs.ip6]) {
      await ping(ours.netns, to)
      await ping(ours.netns, to, '-M', 'dont', '-s', '5000')
      await sendTcp(ours.netns, theirs.netns, to, 3_000_000)
      await echoUdp(ours.netns, theirs.netns, to, [0, 1, 1400, 9000])
    }
    for (const address of ['10.55.0.254', 'fd55::254']) await ping(theirs.netns, address)
    await until('an advertisement to be sent', async () => {
      return (await tshark(file, 'icmpv6.type == 134').catch(() => [])).length > 0
    })
    capturing.kill('SIGINT')
    await capturing.end()
    expect(await tshark(file, WRONG, '-V')).toEqual([])
    const protocols = new Set(await tshark(file, 'vxlan', '-T', 'fields', '-e', 'frame.protocols'))
    const outer = `eth:ethertype:${version === 4 ? 'ip' : 'ipv6'}:udp:vxlan:eth:ethertype`
    for (const inner of ['arp', 'ip:icmp:data', 'ip:tcp', 'ip:data', 'ipv6:icmpv6', 'ipv6:tcp']) {
      expect([...protocols].map((one) => one.replace(/:(llc|data)$/, ':data'))).toContainEqual(
        expect.stringContaining(`${outer}:${inner}`),
      )
    }
    // One flag, one VNI, nothing that is reserved.
    const fields = ['vxlan.flags', 'vxlan.vni', 'vxlan.reserved8']
    const headers = await tshark(
      file,
      'udp',
      '-T',
      'fields',
      ...fields.flatMap((one) => ['-e', one]),
    )
    expect(new Set(headers)).toEqual(new Set(['0x0800\t42\t0']))
  })
})

describe('type of service', () => {
  const outerOf = async ({ there, ours, theirs }: Lab, tos: number) => {
    const ear = await listen(there.netns, 'udp port 4789')
    expect(await ping(ours.netns, theirs.ip4, '-Q', String(tos))).toEqual(all)
    await until('all to be heard', () => (ear.stdout.match(/echo request/g) ?? []).length >= 3)
    const text = (await heard(ear)).join('\n')
    const outer = /^.*\(tos (0x[0-9a-f]+)[^\n]*\n[^\n]*VXLAN[^\n]*\n[^\n]*\n?[^\n]*echo request/gm
    return new Set([...text.matchAll(outer)].map(([, octet]) => Number(octet)))
  }

  test("DSCP and ECN are those of the packet inside, or DSCP the bridge's", async () => {
    const copying = await lab(4)
    expect(await outerOf(copying, 0xb8)).toEqual(new Set([0xb8]))
    expect(await outerOf(copying, 0x02)).toEqual(new Set([0x02]))
    expect(await outerOf(await lab(4, { dscp: 10 }), 0xba)).toEqual(new Set([(10 << 2) | 2]))
  })

  test('what the underlay marks as congested is marked inside (RFC 6040)', async () => {
    const made = await lab(4)
    const { there, ours, theirs } = made
    expect(await ping(ours.netns, theirs.ip4)).toEqual(all)
    const chain = 'type filter hook postrouting priority 0'
    const mark = 'udp dport 4789 ip ecn ect0 ip ecn set ce'
    const rules = `table ip marks {\nchain out {\n${chain};\n${mark}\n}\n}\n`
    await must(within(there.netns, 'nft', '-f', '-'), { input: rules })
    const ear = await listen(ours.netns, 'icmp')
    expect(await ping(ours.netns, theirs.ip4, '-Q', '2')).toEqual(all)
    await until('all to be heard', () => (ear.stdout.match(/echo reply/g) ?? []).length >= 3)
    const replies = (await heard(ear)).filter((line) => line.includes('tos '))
    expect(replies.length).toBeGreaterThan(0)
    for (const line of replies) expect(line).toContain('tos 0x3,CE')
    // To those who know no ECN nothing is told, and nothing is lost: only ECT was marked.
    expect(await ping(ours.netns, theirs.ip4)).toEqual(all)
  })

  test("the TTL is the bridge's", async () => {
    const made = await lab(4, { ttl: 7 })
    const ear = await listen(made.there.netns, 'udp port 4789')
    expect(await ping(made.ours.netns, made.theirs.ip4, '-t', '33')).toEqual(all)
    await until('all to be heard', () => (ear.stdout.match(/echo request/g) ?? []).length >= 3)
    const outer = (await heard(ear)).filter((line) => line.includes('proto UDP'))
    expect(outer.length).toBeGreaterThan(0)
    for (const line of outer) expect(line).toContain('ttl 7,')
  })
})
