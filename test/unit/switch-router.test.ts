/** The library: gateways, uplinks and routes in the process, with memory devices. */
import { describe, expect, test } from 'vitest'
import { createSwitch, type Switch } from '../../src/index.js'
import { codeOf } from '../support/errors.js'
import { station } from '../support/frames.js'
import { arpFrame, echo, framed, mac, type ReadIp, readArp, readIp, udp } from '../support/ip.js'

const HOST = station(0xa1)
const OUTER = station(0xb1)
const GATEWAY = '02:55:00:00:00:01'

const config = {
  bridges: { blue: { gateway: { addresses: ['10.55.0.1/24'], mac: GATEWAY } } },
  ports: { web: { bridge: 'blue' } },
  uplinks: {
    wan: {
      addresses: ['203.0.113.10/24'],
      routes: [{ to: 'default', via: '203.0.113.1' }],
    },
  },
}

type Port = NonNullable<ReturnType<Switch['ports']['get']>>
const portOf = (sw: Switch, name: string) => sw.ports.get(name) as Port

/** Sends an echo request, or another packet, from the host to its gateway. */
function send(sw: Switch, packet = echo({ source: '10.55.0.2', destination: '10.55.0.1' })): void {
  portOf(sw, 'web').send(framed(mac(GATEWAY), HOST, packet))
  sw.process()
}

const packets = (port: Port): ReadIp[] => port.take().flatMap((frame) => readIp(frame) ?? [])

/** Answers the router's question for an address, so that what waits for it goes on. */
function answer(sw: Switch, name: string, address: string): void {
  const port = portOf(sw, name)
  const asked = port.take().flatMap((frame) => readArp(frame) ?? [])
  const question = asked.find(
    ({ operation, target }) => operation === 'request' && target === address,
  )
  if (question === undefined) throw new Error(`nobody asked for ${address}`)
  const to = mac(question.senderMac)
  const reply = { operation: 'reply', sender: address, senderMac: OUTER } as const
  port.send(arpFrame({ ...reply, target: question.sender, targetMac: to }))
  sw.process()
}

/** Lets announcements pass, and takes them. */
function settle(sw: Switch): void {
  sw.advance(2000)
  for (const port of sw.ports.values()) port.take()
}

describe('createSwitch', () => {
  test('has gateways, which answer', async () => {
    await using sw = await createSwitch(config)
    settle(sw)
    portOf(sw, 'web').send(
      arpFrame({ operation: 'request', sender: '10.55.0.2', target: '10.55.0.1', senderMac: HOST }),
    )
    sw.process()
    expect(portOf(sw, 'web').take().map(readArp)).toMatchObject([
      { operation: 'reply', sender: '10.55.0.1', senderMac: GATEWAY },
    ])
    send(sw)
    expect(packets(portOf(sw, 'web'))).toMatchObject([
      { source: '10.55.0.1', destination: '10.55.0.2' },
    ])
  })

  test('has uplinks as ports of memory, by which the default route leads', async () => {
    await using sw = await createSwitch(config)
    settle(sw)
    send(sw, udp({ source: '10.55.0.2', destination: '198.51.100.7' }))
    answer(sw, 'wan', '203.0.113.1')
    expect(packets(portOf(sw, 'wan'))).toMatchObject([
      { source: '10.55.0.2', destination: '198.51.100.7', hops: 63 },
    ])
  })

  test('has routes by hand, and those that lead nowhere', async () => {
    const routes = [
      { to: '10.9.0.0/16', via: '10.55.0.9' },
      { to: '10.9.7.0/24', unreachable: true as const },
    ]
    await using sw = await createSwitch({ ...config, routes })
    settle(sw)
    send(sw, udp({ source: '10.55.0.2', destination: '10.9.1.1' }))
    answer(sw, 'web', '10.55.0.9')
    const seen = packets(portOf(sw, 'web'))
    expect(seen.map(({ destination }) => destination)).toContain('10.9.1.1')
    send(sw, udp({ source: '10.55.0.2', destination: '10.9.7.1' }))
    // ICMP destination unreachable, network unreachable (RFC 792).
    const [error] = packets(portOf(sw, 'web'))
    expect(error).toMatchObject({ source: '10.55.0.1', protocol: 1 })
    expect([...(error?.payload.slice(0, 2) ?? [])]).toEqual([3, 0])
  })

  test('adds and removes bridges with gateways while it runs', async () => {
    await using sw = await createSwitch({})
    sw.addBridge('blue', config.bridges.blue)
    sw.addPort('web', { bridge: 'blue' })
    settle(sw)
    send(sw)
    expect(packets(portOf(sw, 'web'))).toHaveLength(1)
    expect(codeOf(() => sw.removeBridge('blue'))).toBe('EXISTS')
    send(sw)
    expect(packets(portOf(sw, 'web'))).toHaveLength(1)
    sw.removePort('web')
    sw.removeBridge('blue')
    sw.addBridge('blue')
    sw.addPort('web', { bridge: 'blue' })
    send(sw)
    expect(packets(portOf(sw, 'web'))).toEqual([])
  })

  test('refuses what contradicts, and stays as it was', async () => {
    await using sw = await createSwitch(config)
    settle(sw)
    const overlapping = { gateway: { addresses: ['10.55.0.7/16'] } }
    expect(codeOf(() => sw.addBridge('red', overlapping))).toBe('CONFIG')
    expect(codeOf(() => sw.removePort('wan'))).toBe('INVALID')
    expect(codeOf(() => sw.addPort('wan', { bridge: 'blue' }))).toBe('EXISTS')
    send(sw)
    expect(packets(portOf(sw, 'web'))).toHaveLength(1)
  })
})
