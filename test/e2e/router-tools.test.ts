/** Tools that everybody has, through the router: traceroute, curl, and packets that nobody should send. */
import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { directory, type Linkspan, up } from '../support/linkspan.js'
import { masquerade, natLab } from '../support/nat-hosts.js'
import { ping, within } from '../support/netns.js'
import { must, start } from '../support/process.js'
import { twoBridges } from '../support/routed.js'

const all = { transmitted: 3, received: 3, duplicates: 0 }

/** Where Debian's packages of Python are: another Python that comes first in the path has none. */
const PYTHON = '/usr/bin/python3'

/** Serves a directory by HTTP on a port of both families. */
async function serve(netns: string, port: number, folder = directory()) {
  const script = `
import socket, sys
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
class Server(ThreadingHTTPServer):
    address_family = socket.AF_INET6
handler = partial(SimpleHTTPRequestHandler, directory=sys.argv[2])
server = Server(('::', int(sys.argv[1])), handler)
print('serving', flush=True)
server.serve_forever()`
  const words = [PYTHON, '-c', script, `${port}`, folder]
  await start(within(netns, ...words)).prints('serving')
}

describe('traceroute', () => {
  test.each([
    ['10.66.0.2', '10.55.0.1'],
    ['fd66::2', 'fd55::1'],
  ])('to %s shows the gateway as the first hop, by UDP, ICMP and TCP', async (to, gateway) => {
    const { left, right, config } = twoBridges()
    await up(config)
    expect(await ping(left, to)).toEqual(all)
    await serve(right, 80)
    for (const how of [[], ['-I'], ['-T', '-p', '80']]) {
      const command = ['traceroute', '-n', '-q', '1', '-w', '3', '-m', '4', ...how, to]
      const lines = (await must(within(left, ...command))).trim().split('\n').slice(1)
      const hops = lines.map((line) => line.trim().split(/\s+/).slice(0, 2).join(' '))
      expect(hops, how.join(' ')).toEqual([`1 ${gateway}`, `2 ${to}`])
    }
  })
})

describe('curl', () => {
  /** A folder with a file of octets that no two of are alike. */
  function shelf() {
    const folder = directory()
    const octets = randomBytes(3 << 20)
    writeFileSync(join(folder, 'octets'), octets)
    return { folder, octets }
  }
  const fetch = async (netns: string, url: string) => {
    const file = join(directory(), 'fetched')
    const options = ['--silent', '--show-error', '--fail', '--max-time', '10', '-g']
    await must(within(netns, 'curl', ...options, '-o', file, url))
    return readFileSync(file)
  }

  test.each(['203.0.113.1', '[2001:db8::1]'])(
    'fetches from %s by a masquerade what is there',
    async (address) => {
      const { inside, outside, config } = natLab({ nat: [masquerade] })
      await up(config)
      const { folder, octets } = shelf()
      await serve(outside, 8000, folder)
      expect(octets.equals(await fetch(inside, `http://${address}:8000/octets`))).toBe(true)
    },
  )

  test.each(['203.0.113.10', '[2001:db8::10]'])(
    'fetches through a published port of %s, from outside and from inside',
    async (address) => {
      const publish = [
        { name: 'four', listen: 'wan:8080', to: ['10.55.0.2:80'] },
        { name: 'six', listen: 'wan:8080', to: ['[fd55::2]:80'] },
      ]
      const { inside, outside, config } = natLab({ nat: [masquerade], publish })
      await up(config)
      const { folder, octets } = shelf()
      await serve(inside, 80, folder)
      for (const who of [outside, inside]) {
        expect(octets.equals(await fetch(who, `http://${address}:8080/octets`))).toBe(true)
      }
    },
  )
})

describe('packets that nobody should send, by scapy', () => {
  /** Sends what a list of scapy's expressions makes, each so often, from one host to the other. */
  async function send(running: Linkspan, left: string, packets: readonly string[], count = 5) {
    const { bridges } = await running.show<{
      bridges: Record<string, { gateway: { mac: string } }>
    }>('config')
    const script = `
import logging, sys
logging.getLogger('scapy.runtime').setLevel(logging.ERROR)
from scapy.all import *
me = get_if_hwaddr('eth0')
to = Ether(dst='${bridges.blue?.gateway.mac}', src=me)
four = IP(src='10.55.0.2', dst='10.66.0.2')
six = IPv6(src='fd55::2', dst='fd66::2')
packets = [
${packets.map((one) => `    ${one},`).join('\n')}
]
sendp([to / one for one in packets], iface='eth0', count=${count}, verbose=False)
print(len(packets))`
    expect(await must(within(left, PYTHON, '-c', script))).toBe(`${packets.length}\n`)
  }
  const drops = async (running: Linkspan, port = 'left') => {
    const list = await running.show<{ reason: string; frames: number }[]>(`drops?port=${port}`)
    return Object.fromEntries(list.map(({ reason, frames }) => [reason, frames]))
  }
  /** Two hosts that know each other. */
  async function lab() {
    const { left, right, config } = twoBridges()
    const running = await up(config)
    for (const to of ['10.66.0.2', 'fd66::2']) expect(await ping(left, to)).toEqual(all)
    return { left, right, running }
  }
  const goesOn = async (left: string) => {
    for (const to of ['10.66.0.2', 'fd66::2']) expect(await ping(left, to)).toEqual(all)
  }

  test('headers that lie are dropped and counted (R1, T10)', async () => {
    const { left, running } = await lab()
    await send(running, left, [
      'IP(src="10.55.0.2", dst="10.66.0.2", chksum=0x1234) / UDP()',
      'IP(src="10.55.0.2", dst="10.66.0.2", version=5) / UDP()',
      'IP(src="10.55.0.2", dst="10.66.0.2", ihl=3) / UDP()',
      'IP(src="10.55.0.2", dst="10.66.0.2", ihl=15) / UDP()',
      'IP(src="10.55.0.2", dst="10.66.0.2", len=2000) / UDP()',
      'IP(src="10.55.0.2", dst="10.66.0.2", len=10) / UDP()',
      'IPv6(src="fd55::2", dst="fd66::2", plen=2000) / UDP()',
      'four / TCP(dataofs=3)',
      'four / TCP(dataofs=15)',
      'four / UDP(len=3)',
      'four / UDP(len=900)',
    ])
    expect(await drops(running)).toEqual({ 'ip-header': 11 * 5 })
    await goesOn(left)
  })

  test('all flags of TCP, and options of length zero, harm nobody', async () => {
    const { left, running } = await lab()
    await send(running, left, [
      'four / TCP(flags=0x1ff, sport=1)',
      'four / TCP(flags="SR", sport=2)',
      'four / TCP(flags="SAFR", sport=3)',
      'four / TCP(flags=0, sport=4)',
      'four / TCP(flags="SF", sport=5)',
      'four / TCP(flags="FPU", sport=6)',
      'six / TCP(flags=0x1ff, sport=1)',
      // An option that says that it has no octets; one that says more than there are.
      'four / TCP(flags="S", dport=80, dataofs=6) / Raw(bytes([2, 0, 5, 180]))',
      'four / TCP(flags="S", dport=81, dataofs=6) / Raw(bytes([3, 0, 3, 0]))',
      'four / TCP(flags="S", dport=82, dataofs=6) / Raw(bytes([2, 40, 5, 180]))',
      'six / TCP(flags="S", dport=83, dataofs=6) / Raw(bytes([1, 1, 1, 2]))',
      'IP(src="10.55.0.2", dst="10.66.0.2", options=[IPOption(bytes([7, 0, 0, 0]))]) / UDP()',
    ])
    // What ends no connection and begins none, and an option of IP without octets.
    expect(await drops(running)).toEqual({ 'flow-invalid': 4 * 5, 'ip-options': 5 })
    await goesOn(left)
  })

  test('fragments: tiny, overlapping, teardrop (T6, D4)', async () => {
    const { left, running } = await lab()
    const part = (more: string) => `IP(src="10.55.0.2", dst="10.66.0.2", ${more})`
    const part6 = (more: string) => `six / IPv6ExtHdrFragment(${more})`
    await send(
      running,
      left,
      [
        `${part('proto=6, flags="MF", id=1')} / Raw(bytes(8))`,
        `${part('proto=6, frag=1, id=1')} / Raw(bytes(40))`,
        `${part('proto=17, flags="MF", id=2')} / UDP(sport=9, dport=9, len=80, chksum=0) / Raw(bytes(56))`,
        `${part('proto=17, frag=3, id=2')} / Raw(bytes(8))`,
        `${part('proto=17, frag=7, id=2')} / Raw(bytes(40))`,
        `${part('proto=17, frag=8, id=2')} / Raw(bytes(16))`,
        `${part('proto=1, frag=8189, id=3')} / Raw(bytes(1000))`,
        `${part6('nh=6, m=1, id=1')} / Raw(bytes(8))`,
        `${part6('nh=17, m=1, id=2')} / UDP(sport=9, dport=9, len=80, chksum=1) / Raw(bytes(56))`,
        `${part6('nh=17, offset=7, id=2')} / Raw(bytes(40))`,
        `${part6('nh=17, offset=8, id=2')} / Raw(bytes(16))`,
      ],
      1,
    )
    // All but the first of id 2, of each family: of these the rest is dropped too.
    expect(await drops(running)).toEqual({ 'fragment-invalid': 9 })
    await goesOn(left)
  })

  test('extension headers without end, sources that are none, and hops that are over', async () => {
    const { left, running } = await lab()
    await send(running, left, [
      `six / ${Array.from({ length: 12 }, () => 'IPv6ExtHdrDestOpt()').join(' / ')} / UDP()`,
      'six / IPv6ExtHdrHopByHop(len=200) / UDP()',
      'IP(src="127.0.0.1", dst="10.66.0.2") / UDP()',
      'IP(src="224.0.0.1", dst="10.66.0.2") / UDP()',
      'IP(src="10.55.0.1", dst="10.66.0.2") / UDP()',
      'IP(src="10.55.0.2", dst="10.66.0.2", ttl=1) / UDP()',
      'IP(src="10.55.0.2", dst="10.66.0.2", options=[IPOption_LSRR(routers=["10.66.0.2"])]) / UDP()',
    ])
    expect(await drops(running)).toEqual({
      'ip-header': 2 * 5,
      'ip-options': 5,
      martian: 3 * 5,
      'ttl-exceeded': 5,
    })
    await goesOn(left)
  })
})
