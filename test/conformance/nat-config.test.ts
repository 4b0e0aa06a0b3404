/** NAT as a config says it: by the names of bridges and uplinks, and what goes with them. */
import { describe, expect, test } from 'vitest'
import type { NatRule, Publish } from '../../src/config/types.js'
import { type BuildName, onEveryBuild } from '../support/builds.js'
import { station } from '../support/frames.js'
import { arpFrame, readArp } from '../support/ip.js'
import { EXTERNAL, NatLab } from '../support/nat-lab.js'
import { Flag, readIp, tcp, udp } from '../support/nat-packets.js'

const HOST = '10.0.0.2'
const OTHER = '10.0.0.3'
const SERVER = '198.51.100.7'
const OUTSIDE = '203.0.113.20'

const masquerade: NatRule = {
  type: 'masquerade',
  from: { bridge: 'lan' },
  uplink: 'wan',
  ports: 'random',
  filtering: 'address-dependent',
}
const web: Publish = {
  name: 'web',
  listen: 'wan:8080-8081',
  to: [`${HOST}:80-81`],
  protocol: ['tcp'],
}

function lab(
  build: BuildName,
  rules: readonly NatRule[] = [masquerade],
  published = [web],
  flows = 1024,
) {
  const made = new NatLab(build, { flows })
  made.rig.nat(rules, published)
  made.drain()
  return made
}
const out = (host = HOST, port = 4000) => udp({ from: [host, port], to: [SERVER, 53] })
const call = (port: number) =>
  tcp({ from: [SERVER, 5000], to: [EXTERNAL, port] }, { flags: Flag.SYN })
const IN = { from: 2, to: 1 }

function read(outcome: ReturnType<NatLab['pass']>) {
  if ('drop' in outcome) throw new Error(outcome.drop)
  return readIp(outcome.frame)
}

onEveryBuild('NAT of a config', (build) => {
  test('masquerade from a bridge by an uplink, and a range that is published there', () => {
    const b = lab(build)
    expect(read(b.pass(out())).source).toBe(EXTERNAL)
    expect(read(b.pass(call(8081), IN))).toMatchObject({ destination: HOST, destinationPort: 81 })
    expect(b.pass(call(8082), IN)).toEqual({ drop: 'nat-unsolicited' })
  })

  test('masquerade from a prefix leaves others as they are', () => {
    const b = lab(build, [{ ...masquerade, from: { prefix: '10.0.0.2/31' } }])
    expect(read(b.pass(out())).source).toBe(EXTERNAL)
    expect(read(b.pass(out('10.0.0.4'))).source).toBe('10.0.0.4')
  })

  test("a static address that is none of the uplink's own is answered for by ARP", () => {
    const fixed: NatRule = { type: 'static', inside: HOST, outside: OUTSIDE, uplink: 'wan' }
    const b = lab(build, [fixed, masquerade])
    const asks = (target: string) => {
      const senderMac = station(99)
      const frame = arpFrame({ operation: 'request', sender: '203.0.113.1', target, senderMac })
      return b.rig
        .inject('wan', frame)
        .run()
        .frames('wan')
        .flatMap((one) => readArp(one) ?? [])
    }
    expect(asks(OUTSIDE)).toMatchObject([{ operation: 'reply', sender: OUTSIDE }])
    expect(asks('203.0.113.21')).toEqual([])
    expect(read(b.pass(out())).source).toBe(OUTSIDE)
    expect(read(b.pass(out(OTHER))).source).toBe(EXTERNAL)
    const inbound = udp({ from: [SERVER, 9], to: [OUTSIDE, 777] })
    expect(read(b.pass(inbound, IN))).toMatchObject({ destination: HOST, destinationPort: 777 })
  })

  test('what is established goes on through a change of ports and of rules', () => {
    const b = lab(build)
    const { sourcePort } = read(b.pass(out()))
    b.rig.port('new', { bridge: 'lan' })
    b.rig.nat([masquerade, { ...masquerade, from: { prefix: '10.9.0.0/16' } }], [])
    const answer = udp({ from: [SERVER, 53], to: [EXTERNAL, sourcePort] })
    expect(read(b.pass(answer, IN)).destination).toBe(HOST)
    expect(read(b.pass(out())).sourcePort).toBe(sourcePort)
  })

  describe('what goes takes its flows along, and nothing else', () => {
    test('a port', () => {
      const b = lab(build)
      read(b.pass(out()))
      read(b.pass(out(OTHER)))
      b.rig.removePort('a')
      expect(b.list().map(({ original }) => original.source)).toEqual([OTHER])
      expect(b.nat.portsInUse(EXTERNAL).udp).toBe(1)
    })

    test('the port of whoever was called and answered', () => {
      const b = lab(build)
      read(b.pass(call(8080), IN))
      const answer = { flags: Flag.SYN | Flag.ACK, acknowledgement: 1 }
      read(b.pass(tcp({ from: [HOST, 80], to: [SERVER, 5000] }, answer)))
      b.rig.removePort('a')
      expect(b.list()).toEqual([])
    })

    test('a published range, of which a datagram of every second kept a flow alive', () => {
      const dns: Publish = { name: 'dns', listen: 'wan:53', to: [`${HOST}:53`], protocol: ['udp'] }
      const b = lab(build, [masquerade], [web, dns])
      const query = udp({ from: [SERVER, 5000], to: [EXTERNAL, 53] })
      expect(read(b.pass(query, IN)).destination).toBe(HOST)
      read(b.pass(call(8080), IN))
      b.rig.nat([masquerade], [web, { ...dns, to: [`${OTHER}:53`] }])
      expect(b.list().map(({ protocol }) => protocol)).toEqual(['tcp'])
      expect(read(b.pass(query, IN)).destination).toBe(OTHER)
    })
  })

  test('a restart of the rules: who is not translated any more is not', () => {
    const b = lab(build)
    read(b.pass(out()))
    b.rig.nat([], [])
    expect(read(b.pass(out(HOST, 4001))).source).toBe(HOST)
  })

  test('A2 pools that share addresses, in any order, translate to theirs and to no others', () => {
    const one: NatRule = { ...masquerade, from: { prefix: `${HOST}/32` }, source: [OUTSIDE] }
    const both: NatRule = { ...masquerade, source: [EXTERNAL, OUTSIDE] }
    const grown: NatRule = { ...both, source: [EXTERNAL, OUTSIDE, '203.0.113.21'] }
    // Room for so many addresses.
    const made = lab(build, [one, masquerade], [], 8192)
    const sourceOf = (host: string, port: number) => read(made.pass(out(host, port))).source
    for (const [index, rules] of [[one, both], [one, grown], [both], [grown]].entries()) {
      made.rig.nat(rules, [web])
      made.drain()
      const hosts = Array.from({ length: 40 }, (_, host) => `10.0.1.${host + 1}`)
      const sources = new Set(hosts.map((host) => sourceOf(host, 6000 + index)))
      for (const source of sources) expect(grown.source).toContain(source)
      expect(sources.size).toBeGreaterThan(1)
      if (rules[0] === one) expect(sourceOf(HOST, 7000 + index)).toBe(OUTSIDE)
    }
  })
})
