/** Impairments of every kind of device that a running switch has, beside TAPs. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { pcapHeader, pcapRecord } from '../../src/packet/capture/pcap-writer.js'
import { readCapture } from '../../src/packet/capture/reader.js'
import { concat } from '../support/capture.js'
import { BROADCAST, frame, station as mac, markOf } from '../support/frames.js'
import { cpuPerSecond, IDLE } from '../support/idle.js'
import { drops, expected, LENGTH, pairEnds, quickest } from '../support/impair-lab.js'
import { configOf, station } from '../support/lab.js'
import { directory, up } from '../support/linkspan.js'
import { ip, namespace } from '../support/netns.js'
import { iperf } from '../support/traffic.js'
import { talk, unixLab } from '../support/unix-lab.js'
import { until } from '../support/until.js'
import { Vm } from '../support/vm.js'

test('a stream whose client comes and goes is impaired each time, and leaves no descriptor', async () => {
  const lab = await unixLab()
  const { running, path } = lab
  await running.do('impair', 'vm', 'delay=10ms')
  for (let round = 0; round < 4; round++) {
    const vm = await Vm.connect(path)
    await running.portIs('vm', { state: 'up' })
    await talk(vm, lab, 10 * round)
    expect(pairEnds(running.pid)).toBe(2)
    vm.end()
    await running.portIs('vm', { state: 'down' })
  }
  expect(await cpuPerSecond(running.pid)).toBeLessThan(IDLE)
  // While nobody is there, too.
  await running.do('impair', 'vm', '--clear')
  const vm = await Vm.connect(path)
  await running.portIs('vm', { state: 'up' })
  await talk(vm, lab, 60)
  expect(pairEnds(running.pid)).toBe(0)
})

test('a veth has its delay and its rate, though it hands over super-frames', async () => {
  const [a, b] = [station(0), station(1)]
  for (const { netns } of [a, b]) namespace(netns, { ipv6: false })
  const inside = namespace(undefined, { ipv6: false })
  const peer = ['name', 'eth0', 'netns', b.netns, 'address', b.mac]
  ip('-n', inside, 'link', 'add', 'sw', 'type', 'veth', 'peer', ...peer)
  ip('-n', inside, 'link', 'set', 'sw', 'up')
  ip('-n', b.netns, 'link', 'set', 'eth0', 'up')
  ip('-n', b.netns, 'address', 'add', `${b.ip4}/24`, 'dev', 'eth0')
  const config = configOf([a], { ipv6: false })
  const device = { type: 'packet', name: 'sw', netns: inside }
  const impair = { delay: '4ms', rate: '30Mbit' }
  const running = await up({
    ...config,
    ports: { ...config.ports, b: { bridge: 'lan', device, impair } },
  })
  expect(await quickest(a, b)).toBeGreaterThanOrEqual(8)
  for (const [from, to] of [
    [a, b],
    [b, a],
  ] as const) {
    const { bitsPerSecond } = await iperf(from, to, to.ip4)
    expect(bitsPerSecond).toBeLessThan(30e6)
    expect(bitsPerSecond).toBeGreaterThan(0)
  }
  expect((await running.port('b')).state).toBe('up')
})

test('a capture file loses those frames that the seed says, and none at the end of the switch', async () => {
  const folder = directory()
  const [read, write] = [join(folder, 'in.pcap'), join(folder, 'out.pcapng')]
  const count = 1000
  const records = Array.from({ length: count }, (_, mark) =>
    pcapRecord(frame(BROADCAST, mac(1), mark, LENGTH), 0n),
  )
  writeFileSync(read, concat(pcapHeader(), ...records))
  const impair = { loss: '20%', duplicate: '5%', seed: 3 }
  const running = await up({
    version: 1,
    bridges: { lan: {} },
    ports: {
      a: { bridge: 'lan', device: { type: 'pcap', read, pace: 'fast' }, impair },
      out: { bridge: 'lan', device: { type: 'pcap', write }, impair: { mtu: 1500 } },
    },
  })
  const { seed, ...settings } = impair
  const wanted = expected(settings, seed, 'receive', count)
  await running.program.prints('capture file is at its end')
  await running.portIs('a', { state: 'up' })
  await until('all to have passed', async () => {
    return (await running.port('out')).tx.frames === wanted.length
  })
  expect(await drops(running)).toMatchObject({ 'impair-loss-receive': expect.any(Number) })
  expect((await running.stop()).status).toBe(0)
  const { packets } = readCapture(readFileSync(write))
  expect(packets.map((one) => markOf(one.frame))).toEqual(wanted)
})
