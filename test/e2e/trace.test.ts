/** `linkspan trace` on a running switch. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { call } from '../../src/cli/client.js'
import type { Trace } from '../../src/inspect/trace.js'
import { pcapHeader, pcapRecord } from '../../src/packet/capture/pcap-writer.js'
import { concat } from '../support/capture.js'
import { BROADCAST, frame, station } from '../support/frames.js'
import { lab, two } from '../support/lab.js'
import { directory, type Linkspan, up } from '../support/linkspan.js'
import { narrowLab } from '../support/nat-hosts.js'
import { finishPing, ping, startPing } from '../support/netns.js'

async function running(ipv6 = false) {
  const { stations, config } = lab(2, { ipv6 })
  const [a, b] = two(stations)
  return { a, b, linkspan: await up(config) }
}

const traces = async (linkspan: Linkspan, ...words: string[]): Promise<Trace[]> =>
  (await linkspan.do('trace', '--json', ...words))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Trace)

/** All that a trace could change. */
async function picture(linkspan: Linkspan): Promise<unknown> {
  const fdb = await linkspan.show<{ mac: string; port: string }[]>('fdb')
  const ports = await linkspan.show<object[]>('ports')
  return {
    fdb: fdb.map(({ mac, port }) => ({ mac, port })),
    ports,
    drops: await linkspan.show('drops'),
  }
}

function pcap(frames: readonly Uint8Array[], cut = 0): string {
  const file = join(directory(), 'in.pcap')
  const octets = concat(pcapHeader(), ...frames.map((one, at) => pcapRecord(one, BigInt(at))))
  writeFileSync(file, octets.subarray(0, octets.length - cut))
  return file
}

const hex = (octets: Uint8Array) => Buffer.from(octets).toString('hex')

describe('a trace', () => {
  test('of a flow has the MACs of both ports, and is told in words', async () => {
    const { a, b, linkspan } = await running()
    await ping(a.netns, b.ip4)
    const flow = ['tcp', `${a.ip4}:40000`, `${b.ip4}:5432`]
    const text = await linkspan.do('trace', '--port', 'a', ...flow)
    expect(text).toMatch(new RegExp(`source +${a.mac} is known on port a`))
    expect(text).toMatch(new RegExp(`destination +${b.mac} is in the FDB on port b`))
    expect(text).toContain('=> forwarded')
    expect(text).toContain('-> b, 54 octets')
    expect(text).toContain(`   0x0000:  ${hex(Uint8Array.of(2, 0xe2, 0xe0, 0, 0, 2)).slice(0, 4)}`)
  })

  test('through NAT names the gateway, the flow, the translation and the route', async () => {
    const { inside, config } = narrowLab()
    const linkspan = await up({
      ...config,
      publish: [{ name: 'site', listen: 'wan:80', to: ['10.55.0.2:8080'] }],
    })
    await ping(inside, '203.0.113.1')
    const flow = ['tcp', '10.55.0.2:40000', '198.51.100.7:443']
    const text = await linkspan.do('trace', '--port', 'web', ...flow)
    expect(text).toMatch(/flow +new: tcp 10\.55\.0\.2:40000 > 198\.51\.100\.7:443/)
    expect(text).toMatch(/route +0\.0\.0\.0\/0 via 203\.0\.113\.1 by uplink wan/)
    expect(text).toMatch(/nat +source 10\.55\.0\.2:40000 becomes 203\.0\.113\.10:\d+, masqueraded/)
    expect(text).toMatch(/neighbor +203\.0\.113\.1 has /)
    expect(text).toContain('=> forwarded')
    const call = ['tcp', '203.0.113.1:40000', '203.0.113.10:80']
    const called = await linkspan.do('trace', '--port', 'wan', ...call)
    expect(called).toContain('becomes 10.55.0.2:8080, published as "site"')
    const echo = ['icmp', '10.55.0.2', '10.55.0.1']
    expect(await linkspan.do('trace', '--port', 'web', ...echo)).toContain('=> local')
  })

  test('changes nothing', async () => {
    const { linkspan } = await running()
    const before = await picture(linkspan)
    await traces(linkspan, '--port', 'a', '--hex', hex(frame(BROADCAST, station(9))))
    await traces(linkspan, '--port', 'a', '--hex', hex(frame(station(9), BROADCAST)))
    expect(await picture(linkspan)).toEqual(before)
  })

  test('under traffic costs no frame', async () => {
    const { a, b, linkspan } = await running()
    const program = await startPing(a.netns, b.ip4)
    const frames = [hex(frame(BROADCAST, station(9)))]
    for (let round = 0; round < 20; round++) {
      await call({ socket: linkspan.socket }, 'POST', '/v1/trace', { port: 'a', frames })
    }
    const { transmitted, received, duplicates } = await finishPing(program)
    expect([received, duplicates]).toEqual([transmitted, 0])
    expect(Object.keys(await linkspan.fdb()).sort()).toEqual([a.mac, b.mac])
    expect(await linkspan.show('drops')).toEqual([])
  })

  test('of a capture file has a frame after the other', async () => {
    const { linkspan } = await running()
    const file = pcap([frame(station(1), station(2)), frame(station(2), station(1))])
    const [first, second] = await traces(linkspan, '--port', 'a', '--pcap', file)
    expect([first?.verdict, second?.verdict]).toEqual(['flooded', 'dropped'])
    expect(second?.drops).toMatchObject([{ port: 'a', reason: 'same-port' }])
  })

  test('of a capture file that is cut, or of more than fits, says so', async () => {
    const { linkspan } = await running()
    const words = ['trace', '--json', '--port', 'a', '--pcap']
    const frames = Array.from({ length: 1200 }, (_, mark) => frame(station(1), station(2), mark))
    const long = await linkspan.run(...words, pcap(frames))
    expect([long.status, long.stdout.trim().split('\n').length]).toEqual([0, 1000])
    expect(long.stderr).toContain('traced the first 1000 packets')
    const cut = await linkspan.run(...words, pcap(frames.slice(0, 2), 1))
    expect([cut.status, cut.stdout.trim().split('\n').length]).toEqual([0, 1])
    expect(cut.stderr).toContain('ends in the middle of a packet, at octet 100')
  })

  test('as JSON has every field, null when empty', async () => {
    const { linkspan } = await running()
    const [trace] = await traces(
      linkspan,
      '--port',
      'a',
      '--hex',
      hex(frame(BROADCAST, station(9))),
    )
    expect(Object.keys(trace ?? {})).toEqual([
      ...['port', 'bridge', 'vlan', 'layers', 'datagram', 'steps', 'verdict', 'outputs', 'drops'],
      'withheld',
    ])
    expect(trace).toMatchObject({ port: 'a', bridge: 'lan', vlan: null, datagram: null })
    expect(trace).toMatchObject({ drops: [], withheld: [] })
    expect(Object.keys(trace?.outputs[0] ?? {})).toEqual([
      ...['port', 'hex', 'length', 'segmentSize', 'layers', 'datagram'],
    ])
    expect(trace?.outputs[0]?.segmentSize).toBeNull()
    const [dropped] = await traces(linkspan, '--port', 'a', '--hex', '0255')
    expect(dropped).toMatchObject({ verdict: 'dropped', outputs: [] })
    expect(Object.keys(dropped?.drops[0] ?? {})).toEqual(['port', 'reason', 'text'])
  })

  test('of nonsense is an error of one line', async () => {
    const { linkspan } = await running()
    const none = join(directory(), 'none')
    const empty = join(directory(), 'empty')
    writeFileSync(empty, '')
    const wrong: [string[], RegExp, number?][] = [
      [['--port', 'a'], /one of them/, 2],
      [['--port', 'a', '--hex', ''], /found no octets/],
      [['--port', 'a', '--hex', '025'], /two digits an octet/],
      [['--port', 'a', '--hex', 'zz'], /hexadecimal digits/],
      [['--port', 'x', '--hex', hex(frame(BROADCAST, station(9)))], /there is no port "x"/],
      [['--port', 'a', '--pcap', none], /cannot read/],
      [['--port', 'a', '--pcap', empty], new RegExp(empty)],
      [['--port', 'a', 'tcp', '10.0.0.1', '10.0.0.2:1'], /an address and a port/],
      [['--port', 'a', '--vlan', '5000', 'icmp', '10.0.0.1', '10.0.0.2'], /vlan/],
      [['--port', 'a', '--length', '1', 'icmp', '10.0.0.1', '10.0.0.2'], /a frame of 1 octets/],
    ]
    for (const [words, says, exit = 1] of wrong) {
      const { status, stderr } = await linkspan.run('trace', ...words)
      expect([words, status, stderr.trim().split('\n').length]).toEqual([words, exit, 1])
      expect(stderr).toMatch(says)
    }
    const frames = ['00'.repeat(70_000)]
    const long = call({ socket: linkspan.socket }, 'POST', '/v1/trace', { port: 'a', frames })
    await expect(long).rejects.toThrow(/a frame has at most 65557/)
  })
})
