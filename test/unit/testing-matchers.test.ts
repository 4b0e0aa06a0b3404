/** The matchers: what they find, and what they say where they do not. */
import { describe, expect, test } from 'vitest'
import '../../src/vitest/index.js'
import { parseMac } from '../../src/config/address.js'
import { createSwitch } from '../../src/index.js'
import { buildFrame } from '../../src/packet/build.js'
import { parseFlow } from '../../src/packet/flow.js'
import { createLab, matchers } from '../../src/testing/index.js'

const closed = { name: 'no-dns', action: 'deny', protocol: 'udp', destinationPort: 53 } as const

async function two() {
  const lab = await createLab({ seed: 7, config: { filter: [closed] } })
  lab.bridge('lan', { gateway: ['10.55.0.1/24'] })
  const [a, b] = [lab.host('a'), lab.host('b')]
  const capture = lab.capture()
  await a.ping(b)
  const socket = a.udp(9)
  const send = async (port: number) => {
    await socket.send(b, port, 'hello')
    await lab.advance('1ms')
  }
  return { lab, a, b, capture, send }
}

/** What a matcher says. */
function said(expectation: () => unknown): string {
  try {
    expectation()
  } catch (error) {
    return (error as Error).message
  }
  throw new Error('it passed')
}

async function routed() {
  const lab = await createLab({ seed: 7 })
  const capture = lab.capture()
  const lan = lab.bridge('lan', { gateway: ['10.55.0.1/24'] })
  const net = lab.bridge('net', { subnets: ['203.0.113.0/24'] })
  lab.router({
    uplinks: { wan: { bridge: net, addresses: ['203.0.113.10/24'] } },
    nat: [{ type: 'masquerade', from: { bridge: 'lan' }, uplink: 'wan' }],
    publish: [{ name: 'web', listen: 'wan:8080', to: ['10.55.0.2:80'], protocol: ['udp'] }],
  })
  const [inside, outside] = [
    lab.host('inside', { bridge: lan }),
    lab.host('outside', { bridge: net }),
  ]
  inside.udp(80, (datagram) => void datagram.reply('in'))
  outside.udp(80, (datagram) => void datagram.reply('out'))
  const ask = async (from: typeof inside, to: string, port: number) => {
    const socket = from.udp(4000)
    await socket.send(to, port, 'x')
    await socket.receive()
  }
  return { lab, capture, inside, outside, ask }
}

describe('toHaveDelivered', () => {
  test('finds by host, protocol, ports, addresses, text and number', async () => {
    const { lab, a, b, capture, send } = await two()
    await send(54)
    await send(54)
    expect(lab).toHaveDelivered()
    expect(capture).toHaveDelivered({ from: 'a', to: b, protocol: 'udp', port: 54, sourcePort: 9 })
    expect(lab).toHaveDelivered({ from: a, port: 54, times: 2 })
    expect(lab).toHaveDelivered({ to: 'a', text: 'udp port 54 unreachable', times: 2 })
    expect(lab).toHaveDelivered({ text: /who-has 10\.55\.0\.3 tell/, to: 'b', times: 1 })
    expect(lab).toHaveDelivered({ source: '10.55.0.2', destination: '10.55.0.3', protocol: 'icmp' })
    expect(lab).toHaveDelivered({ protocol: 'arp', source: '10.55.0.3', times: 1 })
    expect(lab).not.toHaveDelivered({ to: 'a', port: 54 })
    expect(lab).not.toHaveDelivered({ from: 'a', port: 54, times: 1 })
    expect(lab).not.toHaveDelivered({ protocol: 'tcp' })
    expect(lab).toHaveDelivered({ protocol: 'tcp', times: 0 })
    await lab.close()
  })

  test('a packet is of its first sender behind NAT, and as it is where it came', async () => {
    const { lab, inside, outside, ask } = await routed()
    await ask(inside, '203.0.113.1', 80)
    await ask(outside, '203.0.113.10', 8080)
    expect(lab).toHaveDelivered({ from: inside, to: outside, source: '203.0.113.10', port: 80 })
    expect(lab).not.toHaveDelivered({ from: inside, to: outside, source: '10.55.0.2' })
    expect(lab).toHaveDelivered({ from: outside, to: inside, sourcePort: 4000, port: 80 })
    expect(lab).not.toHaveDelivered({ from: outside, to: inside, port: 8080 })
    expect(lab).toHaveDelivered({ from: outside, to: inside, protocol: 'udp', times: 2 })
    await lab.close()
  })

  test('what is flooded past a host is not delivered to it', async () => {
    const { lab, a, b } = await two()
    lab.host('c')
    lab.switch().production.fdb.flush()
    await a.ping(b)
    expect(lab).toHaveDelivered({ from: a, to: b, text: 'echo request', times: 2 })
    expect(lab).not.toHaveDelivered({ to: 'c', text: 'echo request' })
    await lab.close()
  })

  test('copies that a link makes count', async () => {
    const { lab, send } = await two()
    lab.link('b').set({ in: { duplicate: 1 } })
    await send(54)
    expect(lab).toHaveDelivered({ to: 'b', port: 54, times: 2 })
    await lab.close()
  })

  test('says what became of those that did not come', async () => {
    const { lab, send } = await two()
    await send(53)
    await send(54)
    lab.link('b').set({ in: { loss: 1 } })
    await send(55)
    const what = { from: 'a', to: 'b', protocol: 'udp' } as const
    expect(said(() => expect(lab).toHaveDelivered({ ...what, port: 53 }))).toBe(
      `expect(lab).toHaveDelivered({ from: "a", to: "b", protocol: "udp", port: 53 })

expected one frame or more to come like that; no frame came

what became of those that are like that:

IP 10.55.0.2.9 > 10.55.0.3.53: UDP, length 5
       0.000 ms  sent by a
       0.000 ms  dropped by switch "switch": filter-denied: a filter rule or the policy of a bridge denies it`,
    )
    expect(said(() => expect(lab).toHaveDelivered({ ...what, port: 55 }))).toContain(
      `
IP 10.55.0.2.9 > 10.55.0.3.55: UDP, length 5
       2.000 ms  sent by a
       2.000 ms  lost on link b, on its way there: loss`,
    )
    expect(said(() => expect(lab).not.toHaveDelivered({ ...what, port: 54 }))).toBe(
      `expect(lab).toHaveDelivered({ from: "a", to: "b", protocol: "udp", port: 54 })

expected no frame to come like that; 1 frame came

IP 10.55.0.2.9 > 10.55.0.3.54: UDP, length 5
       1.000 ms  sent by a
       1.000 ms  came to b`,
    )
    expect(said(() => expect(lab).toHaveDelivered({ ...what, port: 54, times: 2 }))).toContain(
      'expected 2 frames to come like that; 1 frame came',
    )
    await lab.close()
  })

  test('tells of the way through a router, and what it made of the packet', async () => {
    const { lab, inside, ask } = await routed()
    lab.link('outside').set({ delay: '10ms' })
    await ask(inside, '203.0.113.1', 80)
    const way = said(() => expect(lab).not.toHaveDelivered({ from: inside, port: 80 }))
    expect(way.replace(/203\.0\.113\.10\.\d+/, 'wan.PORT')).toContain(`
IP 10.55.0.2.4000 > 203.0.113.1.80: UDP, length 1
       0.000 ms  sent by inside
      20.000 ms  sent by a router on link wan.net, as IP wan.PORT > 203.0.113.1.80: UDP, length 1
      30.000 ms  came to outside`)
    await lab.close()
  })

  test('says what was seen where nothing is like that', async () => {
    const { lab, capture } = await two()
    const none = said(() => expect(capture).toHaveDelivered({ from: 'b', protocol: 'tcp' }))
    expect(none).toContain('none of the 2 packets of b is like that; the last were:')
    expect(none).toContain('echo reply')
    lab.host('c')
    expect(said(() => expect(lab).toHaveDelivered({ from: 'c' }))).toContain(
      'no frame of c was seen since the capture began',
    )
    await lab.close()
  })
})

describe('toHaveDropped', () => {
  test('of a lab: by link, switch, reason and frame', async () => {
    const { lab, a, b, send } = await two()
    await send(53)
    lab.link('b').set({ in: { loss: 1 } })
    await send(54)
    expect(lab).toHaveDropped({ times: 2 })
    expect(lab).toHaveDropped({ link: 'b', reason: 'loss', port: 54 })
    expect(lab).toHaveDropped({ link: b.link, from: a, to: b })
    expect(lab).toHaveDropped({ switch: lab.switch(), reason: 'filter-denied', port: 53, times: 1 })
    expect(lab).not.toHaveDropped({ link: 'a' })
    expect(lab).not.toHaveDropped({ switch: 'switch', port: 54 })
    expect(lab).not.toHaveDropped({ to: 'a' })
    expect(said(() => expect(lab).not.toHaveDropped({ reason: 'loss' }))).toBe(
      `expect(lab).toHaveDropped({ reason: "loss" })

expected no frame to be dropped like that; 1 frame was

IP 10.55.0.2.9 > 10.55.0.3.54: UDP, length 5
       1.000 ms  sent by a
       1.000 ms  lost on link b, on its way there: loss`,
    )
    expect(said(() => expect(lab).toHaveDropped({ protocol: 'icmp', to: 'b' }))).toMatch(
      /one frame or more to be dropped like that; no frame were[\s\S]*echo request[\s\S]*came to b/,
    )
    await lab.close()
  })

  test('of a link and of a switch: counters, which need no capture', async () => {
    const lab = await createLab({ config: { filter: [closed] } })
    lab.bridge('lan')
    const [a, b] = [lab.host('a'), lab.host('b')]
    lab.link(a).set({ loss: 1 })
    await a.ping(b)
    await b
      .udp()
      .send('10.55.0.9', 53, 'x')
      .catch(() => undefined)
    expect(lab.link(a)).toHaveDropped({ reason: 'loss' })
    expect(lab.link(a)).toHaveDropped({ times: lab.link(a).counters.lost })
    expect(lab.link(b)).not.toHaveDropped()
    expect(said(() => expect(lab.link(a)).toHaveDropped({ reason: 'queue' }))).toMatch(
      /expect\(link "a"\)[\s\S]*one frame or more to be dropped; counted are 0\n\ndropped: \d+ loss$/,
    )
    await lab.close()
  })

  test('of a production switch', async () => {
    const sw = await createSwitch({ bridges: { lan: {} } })
    const [port] = ['a', 'b'].map((name) => sw.addPort(name, { bridge: 'lan' }))
    port!.send(new Uint8Array(5))
    sw.process()
    expect(sw).toHaveDropped({ port: 'a', reason: 'short-frame', times: 1 })
    expect(sw).not.toHaveDropped({ port: 'b' })
    expect(said(() => expect(sw).toHaveDropped({ reason: 'martian' }))).toContain(
      'a: 1 short-frame',
    )
    sw.close()
  })
})

describe('toHaveFlow and toHaveLearned', () => {
  test('of a lab, one of its switches, and of a production switch', async () => {
    const { lab, inside, outside, ask } = await routed()
    await ask(inside, '203.0.113.1', 80)
    await ask(outside, '203.0.113.10', 8080)
    const { production } = lab.switch()
    expect(lab).toHaveFlow({
      from: inside,
      to: 'outside',
      protocol: 'udp',
      port: 80,
      nat: 'source',
    })
    expect(lab.switch()).toHaveFlow({ from: outside, to: inside, port: 8080, nat: 'destination' })
    expect(lab).toHaveFlow({ to: '10.55.0.2', port: 80, sourcePort: 4000, state: 'replied' })
    expect(production).toHaveFlow({ from: '10.55.0.2', to: outside })
    expect(lab).not.toHaveFlow({ protocol: 'tcp' })
    expect(lab).toHaveFlow({ protocol: 'udp', times: 2 })
    expect(lab).toHaveLearned({ host: inside, port: 'inside', bridge: 'lan' })
    expect(production).toHaveLearned({ mac: outside.mac.toUpperCase(), port: 'outside', times: 1 })
    expect(lab).not.toHaveLearned({ host: inside, bridge: 'net' })
    expect(said(() => expect(lab).toHaveFlow({ protocol: 'tcp' }))).toMatch(
      /one flow or more like that; found no flow; there:\n\nudp 10\.55\.0\.2:4000 > 203\.0\.113\.1:80, replied, answered/,
    )
    expect(said(() => expect(lab).not.toHaveLearned({ port: 'inside' }))).toContain(
      `${inside.mac} at inside of bridge lan`,
    )
    await lab.close()
  })

  test('VLANs are told apart', async () => {
    const sw = await createSwitch({ bridges: { lan: { vlanAware: true } } })
    const vlan = { tagged: [10, 20] }
    const [port] = ['a', 'b'].map((name) => sw.addPort(name, { bridge: 'lan', vlan }))
    const flow = parseFlow(['udp', '10.0.0.1:1', '10.0.0.2:2'])
    const sourceMac = parseMac('02:00:00:00:00:09')
    port!.send(buildFrame(flow, { sourceMac, tags: [{ vid: 10 }] }))
    sw.process()
    expect(sw).toHaveLearned({ mac: '02:00:00:00:00:09', vlan: 10 })
    expect(sw).not.toHaveLearned({ vlan: 20 })
    expect(said(() => expect(sw).toHaveLearned({ vlan: 20 }))).toContain(
      '02:00:00:00:00:09 at a of bridge lan, VLAN 10',
    )
    sw.close()
  })
})

test('matchers are functions that any runner can call', async () => {
  const { lab } = await two()
  const { pass, message } = matchers.toHaveDelivered(lab, { to: 'b' })
  expect(pass).toBe(true)
  expect(message()).toContain('expected no frame to come like that; 4 frames came')
  expect(message()).toContain(`router advertisement, length 32
       0.000 ms  sent by a router, or by nobody of the lab
       0.000 ms  came to a, b
`)
  await lab.close()
})

describe('what cannot be meant is refused, with not too', () => {
  test('a lab that nobody has captured', async () => {
    const lab = await createLab()
    const problem =
      /toHaveDelivered: nobody has looked at the lab's frames: begin with lab\.capture\(\)/
    expect(() => expect(lab).toHaveDelivered()).toThrow(problem)
    expect(() => expect(lab).not.toHaveDelivered()).toThrow(problem)
    lab.bridge('lan')
    lab.host('a')
    lab.capture('a')
    expect(() => expect(lab).not.toHaveDropped()).toThrow(/nobody has looked/)
    await lab.close()
  })

  const wrong: [string, object, RegExp][] = [
    ['toHaveDelivered', { form: 'a' }, /found "form"; expected .*did you mean "from"/],
    ['toHaveDelivered', { from: 'z' }, /no host "z"; expected "a" or "b"/],
    ['toHaveDelivered', { to: 4 }, /no host 4; expected/],
    ['toHaveDelivered', { protocol: 'http' }, /protocol: "http"; expected "arp", /],
    ['toHaveDelivered', { port: 65_536 }, /port: 65536; expected a port, 0 to 65535/],
    ['toHaveDelivered', { source: '10.55.0' }, /expected an IPv4 or IPv6 address/],
    ['toHaveDelivered', { times: 1.5 }, /times: 1.5; expected a number, 0 or more/],
    ['toHaveDelivered', { text: 5 }, /text: 5; expected text or a RegExp/],
    ['toHaveDropped', { reason: 'los' }, /reason: found "los"; .*did you mean "loss"/],
    ['toHaveDropped', { link: 'c' }, /no link "c"; expected "a" or "b"/],
    ['toHaveDropped', { switch: 'c' }, /no switch "c"; expected "switch"/],
    ['toHaveFlow', { source: '10.0.0.1' }, /found "source"; expected "from"/],
    ['toHaveFlow', { state: 'open' }, /state: "open"; expected .*"established"/],
    ['toHaveFlow', { protocol: 'http' }, /protocol: "http"; expected "tcp"/],
    ['toHaveFlow', { nat: 'masquerade' }, /nat: "masquerade"; expected "source" or "destination"/],
    ['toHaveFlow', { from: 'z' }, /no host "z"/],
    ['toHaveLearned', { mac: 'xx' }, /expected a MAC address/],
    ['toHaveLearned', { host: 'z' }, /no host "z"/],
  ]
  test.each(wrong)('%s(%o)', async (name, what, problem) => {
    const { lab } = await two()
    const call = matchers[name as 'toHaveFlow']
    expect(() => call(lab, what)).toThrow(problem)
    await lab.close()
  })

  test('of something else than it is for', async () => {
    const { lab, b } = await two()
    expect(() => expect(b).toHaveDelivered()).toThrow(/expected a lab or a capture of one/)
    expect(() => expect(Promise.resolve(lab)).toHaveDelivered()).toThrow(/is it awaited/)
    expect(() => expect(lab.link(b)).toHaveFlow()).toThrow(
      /found a link "b"; expected a lab or a sw/,
    )
    expect(() => expect(lab.switch()).toHaveDelivered()).toThrow(/found a switch "switch"/)
    expect(() => expect(lab.link(b)).toHaveDropped({ port: 'a' })).toThrow(/found "port"/)
    expect(() => expect(lab.switch()).toHaveDropped({ port: 'c' })).toThrow(/no port "c"/)
    const { production } = lab.switch()
    expect(() => expect(production).toHaveFlow({ from: 'a' })).toThrow(/expected an IPv4/)
    expect(() => expect(production).toHaveLearned({ host: 'a' })).toThrow(/expected "mac"/)
    await lab.close()
  })
})
