/** The lab: what a host has with itself, by 127.0.0.1, ::1 and localhost (RFC 1122 3.2.1.3, RFC 4291 2.5.3). */
import { describe, expect, test } from 'vitest'
import { parseMac } from '../../src/config/address.js'
import { buildFrame } from '../../src/packet/build.js'
import { parseFlow } from '../../src/packet/flow.js'
import { createLab, type Host, type TcpConnection } from '../../src/testing/index.js'
import { caught, codeOf } from '../support/errors.js'

const LOOPS = ['127.0.0.1', '::1'] as const

async function two() {
  const lab = await createLab()
  lab.bridge('lan', { gateway: ['10.55.0.1/24', 'fd55::1/64'] })
  return { lab, a: lab.host('a'), b: lab.host('b') }
}

async function textOf({ readable }: TcpConnection): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  for await (const chunk of readable) text += decoder.decode(chunk)
  return text
}

const greets = (host: Host, options: { address?: string } = {}) =>
  host.listen(80, options, async (connection) => {
    const { remoteAddress, localAddress } = connection
    const writer = connection.writable.getWriter()
    await writer.write(new TextEncoder().encode(`${remoteAddress} at ${localAddress}`))
    await writer.close()
  })

describe('TCP', () => {
  test.each([
    ['127.0.0.1', '127.0.0.1 at 127.0.0.1'],
    ['127.9.8.7', '127.0.0.1 at 127.9.8.7'],
    ['::1', '::1 at ::1'],
    ['localhost', '127.0.0.1 at 127.0.0.1'],
  ])('a host connects to itself by %s, and nothing is on its link', async (to, said) => {
    const { lab, a } = await two()
    greets(a)
    expect(await textOf(await a.connect(to, 80))).toBe(said)
    expect(a.link.counters.sent).toBe(0)
    await lab.close()
  })

  test.each(LOOPS)('who listens on %s is there for the host only', async (address) => {
    const { lab, a, b } = await two()
    greets(a, { address })
    expect(await textOf(await a.connect(address, 80))).toBe(`${address} at ${address}`)
    for (const [from, to] of [
      [b, 'a'],
      [a, 'a'],
      [b, address],
    ] as const) {
      expect(await caught(from.connect(to, 80))).toMatchObject({ code: 'REFUSED' })
    }
    await lab.close()
  })

  test.each([
    ['127.0.0.1', '10.55.0.3'],
    ['::1', 'fd55::3'],
  ])('from %s nobody else is reached', async (localAddress, to) => {
    const { lab, a, b } = await two()
    greets(b)
    const error = await caught(a.connect(to, 80, { localAddress }))
    expect([error.code, error.message]).toEqual([
      'UNREACHABLE',
      `what host "a" sends from ${localAddress} does not leave it, and ${to} is somebody else`,
    ])
    await lab.close()
  })

  test('from an address of the other family nobody is reached', async () => {
    const { lab, a } = await two()
    const error = await caught(a.connect('127.0.0.1', 80, { localAddress: '::1' }))
    expect([error.code, error.message]).toEqual([
      'INVALID',
      'found ::1 as the address that host "a" connects to 127.0.0.1 from; expected one of its family',
    ])
    await lab.close()
  })

  test('a host without any address has these', async () => {
    const { lab } = await two()
    const c = lab.host('c', { addresses: [] })
    greets(c)
    expect(await textOf(await c.connect('localhost', 80))).toBe('127.0.0.1 at 127.0.0.1')
    expect(c.addresses).toEqual([])
    await lab.close()
  })
})

describe('UDP and ICMP', () => {
  test.each(LOOPS)('datagrams to %s and back, and one to nobody', async (loop) => {
    const { lab, a } = await two()
    const server = a.udp(53)
    const client = a.udp()
    await client.send(loop, 53, 'question')
    const question = await server.receive()
    expect(question).toMatchObject({ from: loop, to: loop, text: 'question' })
    await question.reply('answer')
    expect(await client.receive()).toMatchObject({ from: loop, text: 'answer' })
    await client.send(loop, 54, 'nobody')
    expect(await caught(client.receive())).toMatchObject({ code: 'REFUSED' })
    expect(a.link.counters.sent).toBe(0)
    await lab.close()
  })

  test.each([...LOOPS, '127.255.255.254'])('%s answers a ping at once', async (loop) => {
    const { lab, a } = await two()
    a.link.set({ delay: '20ms' })
    const { received, rtt } = await a.ping(loop, { count: 2, interval: 10 })
    expect([received, rtt?.max]).toEqual([2, 0])
    expect(a.link.counters.sent).toBe(0)
    await lab.close()
  })
})

describe('what goes to many', () => {
  const ALL = ['224.0.0.251', 'ff02::fb', '10.55.0.255', '255.255.255.255']

  test.each(ALL)('to %s comes to sockets of the sender too, once', async (to) => {
    const { lab, a, b } = await two()
    const heard: string[] = []
    for (const host of [a, b]) {
      const socket = host.udp(5353, ({ text }) => void heard.push(`${host.name}: ${text}`))
      if (!to.includes('255')) socket.join(to)
    }
    await a.udp().send(to, 5353, 'all')
    await a.udp().send(to, 5353, 'x'.repeat(3000))
    await a.udp().send(to, 5353, 'others', { loops: false })
    await lab.advance('1s')
    const long = 'x'.repeat(3000)
    expect(heard.filter((line) => line.startsWith('a'))).toEqual(['a: all', `a: ${long}`])
    const atB = heard.filter((line) => line.startsWith('b'))
    expect(atB).toEqual(['b: all', `b: ${long}`, 'b: others'])
    await lab.close()
  })

  test.each(ALL)(
    'to %s: who is not in the group, or has no socket there, hears nothing',
    async (to) => {
      const { lab, a } = await two()
      const socket = a.udp(5353)
      const other = to.includes('255') ? 5354 : 5353
      await a.udp().send(to, other, 'all')
      const { code } = await caught(socket.receive({ timeout: '1s' }))
      expect(code).toBe('TIMEOUT')
      await lab.close()
    },
  )

  test('answers go to the sender, who is the host itself', async () => {
    const { lab, a } = await two()
    a.udp(5353, (datagram) => void datagram.reply('here')).join('224.0.0.251')
    const asker = a.udp()
    await asker.send('224.0.0.251', 5353, 'who?')
    expect(await asker.receive()).toMatchObject({ from: '10.55.0.2', port: 5353, text: 'here' })
    await lab.close()
  })
})

describe('on the link they are nobody', () => {
  test.each([
    'udp 127.0.0.1:9 10.55.0.2:53',
    'udp 10.55.0.3:9 127.0.0.1:53',
    'udp [::1]:9 [fd55::2]:53',
    'udp [fd55::3]:9 [::1]:53',
    'icmp 10.55.0.3 127.0.0.1',
    'arp 10.55.0.3 127.0.0.1',
  ])('%s is not taken, nor answered', async (words) => {
    const { lab, a, b } = await two()
    await a.ping(b)
    const heard: string[] = []
    a.udp(53, ({ from }) => void heard.push(from))
    const before = a.link.counters.sent
    const flow = parseFlow(words.split(' '))
    const macs = { sourceMac: parseMac(b.mac), destinationMac: parseMac(a.mac) }
    b.link.send(buildFrame(flow, macs))
    await lab.advance('2s')
    expect([heard, a.link.counters.sent - before]).toEqual([[], 0])
    await lab.close()
  })
})

describe('names and addresses of hosts', () => {
  test('nobody is called localhost but each by itself', async () => {
    const { lab, a } = await two()
    expect(codeOf(() => lab.host('localhost'))).toBe('INVALID')
    expect(() => lab.host('LocalHost')).toThrow('each one calls itself so')
    expect(a.listen(80, { address: 'localhost' }).address?.text).toBe('127.0.0.1')
    expect((await a.ping('localhost')).to).toBe('127.0.0.1')
    await lab.close()
  })

  test.each([
    '127.0.0.2/8',
    '::1/128',
    '224.0.0.1/24',
    'ff02::1/64',
    '0.0.0.0/24',
    '255.255.255.255/24',
    '10.9.0.0/24',
    '10.9.0.255/24',
    'fd09::/64',
  ])('%s is no address of a host', async (address) => {
    const lab = await createLab()
    const lan = lab.bridge('lan')
    expect(() => lab.host('a', { addresses: [address] })).toThrow(
      `"${address}" as an address of host "a"; expected the address of`,
    )
    const b = lab.host('b', { bridge: lan, addresses: ['10.9.0.2/24'] })
    expect(() => b.addAddress(address)).toThrow('as an address of host "b"')
    expect(b.addresses).toEqual(['10.9.0.2'])
    await lab.close()
  })

  test('explain: no frame leaves the host for itself, or from there', async () => {
    const { lab } = await two()
    expect(() => lab.explain('udp 127.0.0.1:9 10.55.0.3:53', { from: 'a' })).toThrow(
      'what host "a" sends from 127.0.0.1 does not leave it',
    )
    expect(() => lab.explain('udp 10.55.0.2:9 127.0.0.1:53')).toThrow(
      'host "a" has 127.0.0.1 itself: no frame leaves it for that',
    )
    await lab.close()
  })
})
