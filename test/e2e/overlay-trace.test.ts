/** `linkspan trace` through tunnels: what it says is what the wire then has. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { traceAnswer } from '../../src/control/api/trace.js'
import type { Trace } from '../../src/inspect/trace.js'
import { CaptureReader } from '../../src/packet/capture/reader.js'
import { readDatagram } from '../../src/packet/datagram.js'
import { directory, type Linkspan } from '../support/linkspan.js'
import { ip, ping } from '../support/netns.js'
import { overlayLab, VNI } from '../support/overlay-lab.js'

async function traces(running: Linkspan, ...words: string[]): Promise<Trace[]> {
  const lines = (await running.do('trace', '--json', ...words)).trim().split('\n')
  return lines.map((line) => traceAnswer.parse(JSON.parse(line)) as Trace)
}

/** A switch on each of two hosts; both stations are known to both. */
async function pinged(options?: Parameters<typeof overlayLab>[0]) {
  const [a, b] = await overlayLab(options)
  await ping(a.station.netns, b.station.ip4)
  const [tunnel, socket] = [`blue@${b.vtep}`, `underlay@${a.vtep}:4789`]
  return { a, b, tunnel, socket, running: a.running }
}

/** All that a trace could change: the FDB, counters, drops. */
async function picture(running: Linkspan): Promise<unknown> {
  const tunnels = await running.show<object[]>('tunnels')
  const ports = await running.show<object[]>('ports')
  return { tunnels, ports, fdb: await running.fdb(), drops: await running.show('drops') }
}

const isEcho = (one: Uint8Array) => readDatagram(one)?.inner.length === 98

/** What a capture at the underlay has of a few pings. */
async function captured(
  { running, socket, a, b }: Awaited<ReturnType<typeof pinged>>,
  direction: 'receive' | 'transmit',
): Promise<{ file: string; frames: Uint8Array[] }> {
  const file = join(directory(), 'outer.pcapng')
  const words = ['--port', socket, '--direction', direction, '--count', '2', '--duration', '20s']
  let ended = false
  const done = running.do('capture', ...words, '-w', file).finally(() => {
    ended = true
  })
  while (!ended) await ping(a.station.netns, b.station.ip4)
  await done
  const reader = new CaptureReader(file)
  reader.push(readFileSync(file))
  reader.end()
  const frames: Uint8Array[] = []
  for (let one = reader.next(); one; one = reader.next()) frames.push(one.frame)
  // Of pings; a neighbour may have been asked for in between.
  expect(frames.some(isEcho)).toBe(true)
  return { file, frames: frames.filter(isEcho) }
}

describe('into a tunnel', () => {
  test('names the tunnel, and what stands around the frame', async () => {
    const { a, b, running, tunnel, socket } = await pinged()
    const before = await picture(running)
    const flow = ['icmp', a.station.ip4, b.station.ip4, '--to-mac', b.station.mac]
    const text = await running.do('trace', '--port', 'web', ...flow)
    expect(text).toMatch(
      new RegExp(`^destination +${b.station.mac} is in the FDB on port ${tunnel}`, 'm'),
    )
    expect(text).toMatch(
      new RegExp(`^egress +to ${tunnel}: 42 octets, a packet of 28 where 1450 fit$`, 'm'),
    )
    expect(text).toMatch(
      new RegExp(
        `^tunnel +${tunnel}, VNI ${VNI}: ${a.vtep}:\\d+ > ${b.vtep}:4789, source port of \\d+-\\d+ by addresses and protocol, .* TTL 64, 92 octets by ${socket}$`,
        'm',
      ),
    )
    expect(text).toMatch(new RegExp(`^=> forwarded\n-> ${tunnel} by ${socket}, 92 octets$`, 'm'))
    expect(await picture(running)).toEqual(before)
  })

  test('has the source port that the datagrams on the wire have', async () => {
    const lab = await pinged()
    const { a, b, running } = lab
    const { frames } = await captured(lab, 'transmit')
    const flow = ['icmp', a.station.ip4, b.station.ip4, '--to-mac', b.station.mac]
    const [trace] = await traces(running, '--port', 'web', ...flow)
    const told = trace?.outputs[0]?.datagram
    const sent = readDatagram(frames[0] as Uint8Array)
    const { source, destination, sourcePort, destinationPort, ttl } = sent ?? {}
    expect(told).toMatchObject({ source, destination, sourcePort, destinationPort, ttl })
  })

  test('a super-frame is cut, and what is too large is answered', async () => {
    const { a, b, running, tunnel } = await pinged()
    const to = ['--port', 'web', '--to-mac', b.station.mac]
    const [cut] = await traces(
      running,
      ...[...to, '--segment-size', '1398', '--length', '14054'],
      ...['tcp', `${a.station.ip4}:40000`, `${b.station.ip4}:80`],
    )
    expect(cut?.outputs.map(({ datagram }) => [datagram?.tunnel, datagram?.inner])).toEqual([
      ...Array.from({ length: 10 }, () => [tunnel, 1452]),
      [tunnel, 74],
    ])
    const large = ['--length', '1515', 'udp', `${a.station.ip4}:1`, `${b.station.ip4}:2`]
    const text = await running.do('trace', ...to, ...large)
    expect(text).toMatch(new RegExp(`a packet of 1501 for ${tunnel}, where 1450 fit$`, 'm'))
    expect(text).toMatch(
      new RegExp(`to web: .* in the name of ${b.station.ip4}: ICMP .* needed, MTU 1450$`, 'm'),
    )
  })

  test('a question that is answered here is told so', async () => {
    const known = { bridge: 'blue', address: '10.78.0.2', mac: '02:0e:11:00:00:02' }
    const { a, b, running, tunnel } = await pinged({ more: () => ({ neighbors: [known] }) })
    const text = await running.do('trace', '--port', 'web', 'arp', a.station.ip4, b.station.ip4)
    expect(text).toMatch(new RegExp(`is ${b.station.mac} behind ${tunnel}: answered here$`, 'm'))
    expect(text).toContain('=> answered: in the name of who is behind a tunnel')
    // Who is known by its address needs no --to-mac.
    const [trace] = await traces(running, '--port', 'web', 'icmp', a.station.ip4, b.station.ip4)
    expect(trace).toMatchObject({ verdict: 'forwarded', outputs: [{ datagram: { tunnel } }] })
  })

  test('a socket that waits is told', async () => {
    const { a, b, running, socket } = await pinged()
    ip('-n', a.underlay, 'link', 'set', 'eth0', 'down')
    await running.portIs(socket, { state: 'down' })
    const flow = ['icmp', a.station.ip4, b.station.ip4, '--to-mac', b.station.mac]
    expect(await running.do('trace', '--port', 'web', ...flow)).toContain(
      `by ${socket}, which is down: nothing leaves by it`,
    )
  })
})

describe('out of a tunnel', () => {
  test('datagrams as they were captured', async () => {
    const lab = await pinged()
    const { a, b, running, socket, tunnel } = lab
    const { file, frames } = await captured(lab, 'receive')
    const before = await picture(running)
    const found = await traces(running, '--port', socket, '--pcap', file)
    const all = found.filter(({ datagram }) => datagram?.inner === 98)
    expect(all).toHaveLength(frames.length)
    for (const trace of all) {
      expect(trace).toMatchObject({ port: socket, bridge: 'blue', verdict: 'forwarded', drops: [] })
      expect(trace.datagram).toMatchObject({
        tunnel,
        vni: VNI,
        source: b.vtep,
        destination: a.vtep,
      })
      expect(trace.outputs).toMatchObject([{ port: 'web', length: 98, datagram: null }])
    }
    const hex = Buffer.from(frames[0] as Uint8Array).toString('hex')
    const text = await running.do('trace', '--port', socket, '--hex', hex)
    expect(text).toMatch(
      new RegExp(`^tunnel +${b.vtep}:\\d+ > ${a.vtep}:4789, TTL 64, DSCP 0`, 'm'),
    )
    expect(text).toMatch(
      new RegExp(`^tunnel +VNI ${VNI} from peer ${b.vtep}: 98 octets out of ${tunnel}$`, 'm'),
    )
    expect(text).toMatch(/^egress +to web: 98 octets$/m)
    expect(await picture(running)).toEqual(before)
  })

  test('a flow by a tunnel, in a datagram that is made for it', async () => {
    const { a, b, running, tunnel } = await pinged()
    const macs = ['--from-mac', b.station.mac]
    const flow = ['icmp', b.station.ip4, a.station.ip4, ...macs]
    const [trace] = await traces(running, '--port', tunnel, ...flow)
    expect(trace).toMatchObject({ port: tunnel, bridge: 'blue', verdict: 'forwarded' })
    expect(trace?.datagram).toMatchObject({ tunnel, inner: 42, source: b.vtep })
    expect(trace?.layers.map(({ layer }) => layer).slice(0, 4)).toEqual([
      ...['ethernet', 'ipv4', 'udp', 'vxlan'],
    ])
    expect(trace?.outputs).toMatchObject([{ port: 'web', length: 42 }])
  })

  test('what is no peer, and what cannot be, is told', async () => {
    const lab = await pinged()
    const { a, b, running, socket, tunnel } = lab
    const { frames } = await captured(lab, 'transmit')
    const own = Buffer.from(frames[0] as Uint8Array).toString('hex')
    const [trace] = await traces(running, '--port', socket, '--hex', own)
    expect(trace).toMatchObject({ bridge: null, datagram: { tunnel: null, vni: VNI } })
    expect(trace?.drops).toMatchObject([{ port: socket, reason: 'vtep-unlisted' }])
    expect(trace?.steps.at(-1)?.text).toContain(
      `${a.vtep} is none of ${b.vtep}, the peers of bridge blue, VNI ${VNI}`,
    )
    const flow = ['icmp', a.station.ip4, b.station.ip4]
    const wrong: [string[], RegExp][] = [
      [['--port', socket, ...flow], /by underlay@\S+ come datagrams/],
      [['--port', 'blue@10.9.0.7', ...flow], /there is no port "blue@10.9.0.7"/],
      [['--port', tunnel, '--segment-size', '9', ...flow], /no super-frames come by blue@/],
      [['--port', 'web', '--segment-size', '0', ...flow], /segmentSize.*1 to 65535/],
    ]
    for (const [words, says] of wrong) {
      const { status, stderr } = await running.run('trace', ...words)
      expect([words, status, stderr.trim().split('\n').length]).toEqual([words, 1, 1])
      expect(stderr).toMatch(says)
    }
  })
})
