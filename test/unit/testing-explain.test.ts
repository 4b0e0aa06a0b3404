/** `lab.explain`: what would become of a frame. */
import { expect, test } from 'vitest'
import { parseMac } from '../../src/config/address.js'
import { buildFrame } from '../../src/packet/build.js'
import { parseFlow } from '../../src/packet/flow.js'
import { createLab } from '../../src/testing/index.js'

const closed = { name: 'no-dns', action: 'deny', protocol: 'udp', destinationPort: 53 } as const

async function routed() {
  const lab = await createLab({ seed: 7, config: { filter: [closed] } })
  const lan = lab.bridge('lan', { gateway: ['10.55.0.1/24', 'fd55::1/64'] })
  const net = lab.bridge('net', { subnets: ['203.0.113.0/24'] })
  lab.router({
    uplinks: { wan: { bridge: net, addresses: ['203.0.113.10/24'] } },
    nat: [{ type: 'masquerade', from: { bridge: 'lan' }, uplink: 'wan' }],
  })
  const a = lab.host('a', { bridge: lan })
  const b = lab.host('b', { bridge: lan })
  const web = lab.host('web', { bridge: net })
  await b.ping(a)
  await b.ping(web)
  return { lab, lan, a, b, web }
}

const outcomes = (places: readonly { at: string; name: string; outcome: string }[]) =>
  places.map(({ at, name, outcome }) => `${at} ${name} ${outcome}`)

test('from host to host: links, switch, and the text of it all', async () => {
  const { lab, b } = await routed()
  lab.link(b).set({ in: { delay: '5ms', loss: '30%' } })
  const explained = lab.explain('icmp 10.55.0.2 10.55.0.3', { from: 'a' })
  const { places, text, ...summary } = explained
  expect(summary).toEqual({
    frame: 'IP 10.55.0.2 > 10.55.0.3: ICMP echo request, id 1, seq 1, length 8',
    from: 'a',
    verdict: 'delivered',
    reason: null,
    delivered: ['b'],
  })
  expect(outcomes(places)).toEqual([
    'link a passes',
    'switch switch forwarded',
    'link b passes',
    'host b taken',
  ])
  expect(places[1]).toMatchObject({ port: 'a', bridge: 'lan', vlan: null, depth: 1, reason: null })
  expect(places[2]).toMatchObject({ direction: 'in', settings: { delay: 5 }, depth: 2 })
  expect(JSON.parse(JSON.stringify(explained))).toEqual(explained)
  expect(text.replace(/seen .* ago/g, 'seen a while ago')).toBe(
    `IP 10.55.0.2 > 10.55.0.3: ICMP echo request, id 1, seq 1, length 8, sent by a
link a, out: passes
  switch switch, port a: forwarded
    door        42 octets into port a of bridge lan
    source      02:67:27:c3:74:56 is known on port a, seen a while ago
    destination 02:67:27:c6:74:56 is in the FDB on port b, seen a while ago
    flow        new: icmp 10.55.0.2 > 10.55.0.3, id 1
    filter      no rule takes it, and the policy of bridge lan is allow
    egress      to b: 42 octets
    link b, in (delay 5ms, loss 30%): passes
      host b: taken
=> delivered to b
`,
  )
  await lab.close()
})

test('through a router with NAT and another bridge', async () => {
  const { lab } = await routed()
  const { places, ...explained } = lab.explain('udp 10.55.0.2:4000 203.0.113.1:80')
  expect(explained).toMatchObject({ verdict: 'delivered', delivered: ['web'] })
  expect(outcomes(places)).toEqual([
    'link a passes',
    'switch switch forwarded',
    'link wan.net passes',
    'switch switch forwarded',
    'link web passes',
    'host web taken',
  ])
  expect(places.at(-1)?.frame).toMatch(/^IP 203\.0\.113\.10\.\d+ > 203\.0\.113\.1\.80: UDP/)
  expect(lab.explain('icmp fd55::2 fd55::3')).toMatchObject({ delivered: ['b'] })
  await lab.close()
})

test('dropped, and the answer of the router is not the frame', async () => {
  const { lab } = await routed()
  expect(lab.explain('udp 10.55.0.2:4000 10.55.0.3:53')).toMatchObject({
    verdict: 'dropped',
    reason: 'filter-denied',
    delivered: [],
  })
  const lost = lab.explain('icmp 10.55.0.2 198.51.100.9')
  expect(lost).toMatchObject({ verdict: 'dropped', reason: 'no-route', delivered: [] })
  expect(lost.places.map(({ answer }) => answer)).toEqual([false, false, true, true])
  expect(lost.text).toContain('link a, in, an answer: passes')
  await lab.close()
})

test('held for a MAC, local to the router, flooded, ignored', async () => {
  const { lab, lan, a } = await routed()
  lab.host('c', { bridge: lan })
  lab.host('d', { bridge: 'net', addresses: ['203.0.113.77/24'] })
  const held = lab.explain('udp 10.55.0.2:1 203.0.113.77:9')
  expect(held).toMatchObject({ verdict: 'held', reason: null, delivered: [] })
  expect(lab.explain('icmp 10.55.0.2 10.55.0.1')).toMatchObject({ verdict: 'local' })
  const asked = lab.explain('arp 10.55.0.2 10.55.0.4')
  expect(asked).toMatchObject({ verdict: 'delivered', delivered: ['b', 'c'] })
  const flow = parseFlow(['udp', '10.55.0.2:1', '10.55.0.99:2'])
  const frame = buildFrame(flow, { sourceMac: parseMac(a.mac) })
  const ignored = lab.explain(frame)
  expect(ignored).toMatchObject({ from: 'a', verdict: 'ignored', delivered: [] })
  expect(outcomes(ignored.places)).toContain('host c ignored')
  await lab.close()
})

test.each([
  [{ up: false }, 'down'],
  [{ loss: 1 }, 'loss'],
  [{ mtu: 100 }, 'mtu'],
])('lost on a link with %o', async (settings, reason) => {
  const { lab, b } = await routed()
  lab.link(b).set({ in: settings })
  const flow = parseFlow(['udp', '10.55.0.2:1', '10.55.0.3:2'])
  const macs = { sourceMac: parseMac(lab.hosts.get('a')!.mac), destinationMac: parseMac(b.mac) }
  const lost = lab.explain(buildFrame(flow, { ...macs, length: 200 }))
  expect(lost).toMatchObject({ verdict: 'lost', reason, delivered: [] })
  expect(lost.text).toContain(`: lost: ${reason}\n`)
  await lab.close()
})

test('a partition', async () => {
  const { lab, a, b } = await routed()
  lab.partition([a], [b])
  const cut = lab.explain('icmp 10.55.0.2 10.55.0.3')
  expect(cut).toMatchObject({ verdict: 'lost', reason: 'partition' })
  expect(lab.explain('icmp 10.55.0.2 203.0.113.1')).toMatchObject({ delivered: ['web'] })
  await lab.close()
})

test('nothing happens by it', async () => {
  const files = await Promise.all(
    [false, true].map(async (isExplained) => {
      const lab = await createLab({ seed: 7 })
      lab.bridge('lan', { gateway: ['10.55.0.1/24'] })
      const file = lab.capture()
      const [a, b] = [lab.host('a', { link: { loss: '30%', delay: '1ms' } }), lab.host('b')]
      if (isExplained) lab.explain('icmp 10.55.0.2 10.55.0.3')
      await a.ping(b, { count: 3 })
      if (isExplained) lab.explain('udp 10.55.0.2:1 10.55.0.3:2')
      await a.ping(b, { count: 3 })
      await lab.advance('10s')
      const { sent, received, lost } = lab.link(a).counters
      await lab.close()
      return { octets: file.bytes(), sent, received, lost }
    }),
  )
  expect(files[1]).toEqual(files[0])
})

test('what cannot be explained', async () => {
  const { lab, a } = await routed()
  const refused: [() => unknown, RegExp][] = [
    [
      () => lab.explain(5 as never),
      /found explain\(5\); expected the octets of a frame, or a flow/,
    ],
    [() => lab.explain('udp 10.55.0.2 10.55.0.3'), /expected an address and a port/],
    [() => lab.explain('icmp 10.55.0.99 10.55.0.3'), /no host of the lab has 10.55.0.99: say who/],
    [() => lab.explain('icmp 10.55.0.2 10.55.0.98'), /nobody of the lab has 10.55.0.98, whose MAC/],
    [() => lab.explain('icmp 10.55.0.2 10.55.0.3', { from: 'z' }), /no host "z"; expected "a"/],
    [
      () => lab.explain(new Uint8Array(60)),
      /no host of the lab has the MAC 00:00:00:00:00:00: say/,
    ],
    [() => lab.explain('icmp 203.0.113.1 2001:db8::1'), /not of one family/],
  ]
  for (const [call, problem] of refused) expect(call).toThrow(problem)
  expect(lab.explain(new Uint8Array(5), { from: a })).toMatchObject({
    verdict: 'dropped',
    reason: 'short-frame',
  })
  await lab.close()
  expect(() => lab.explain('icmp 10.55.0.2 10.55.0.3')).toThrow(/closed/)
})

test('routers that send it to each other, until it has made its hops', async () => {
  const lab = await createLab()
  const net = lab.bridge('net', { subnets: ['192.0.2.0/24'] })
  const routes = (via: string) => [{ to: 'default', via }]
  lab.router({
    uplinks: { up: { bridge: net, addresses: ['192.0.2.1/24'], routes: routes('192.0.2.2') } },
  })
  const routerMac = lab.switch().production.config.uplinks.up!.mac
  lab.switch('other').router({
    uplinks: { up: { bridge: net, addresses: ['192.0.2.2/24'], routes: routes('192.0.2.1') } },
  })
  const a = lab.host('a', { bridge: net, gateway: '192.0.2.1' })
  await a.ping('198.51.100.1', { timeout: '10s' })
  const macs = { sourceMac: parseMac(a.mac), destinationMac: parseMac(routerMac) }
  const frame = buildFrame(parseFlow(['icmp', '192.0.2.3', '198.51.100.1']), {
    ...macs,
    hopLimit: 5,
  })
  const round = lab.explain(frame)
  expect(round).toMatchObject({ verdict: 'dropped', reason: 'ttl-exceeded', delivered: [] })
  const hops = round.places.filter(({ at, answer }) => at === 'switch' && !answer)
  expect(hops).toHaveLength(10)
  await lab.close()
})
