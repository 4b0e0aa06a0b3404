/** Capture files as devices of a running switch. */
import { readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { pcapHeader, pcapRecord } from '../../src/packet/capture/pcap-writer.js'
import { readCapture } from '../../src/packet/capture/reader.js'
import { dissect } from '../../src/packet/dissect/dissect.js'
import { concat } from '../support/capture.js'
import { BROADCAST, frame, markOf, station } from '../support/frames.js'
import { lab } from '../support/lab.js'
import { directory, type Linkspan, startUp, up, upFails } from '../support/linkspan.js'
import { ip, within } from '../support/netns.js'
import { run } from '../support/process.js'
import { until } from '../support/until.js'

const lengths = [14, 60, 100, 1514, 9014, 60_000, 65_549]
const numbered = (mark: number, length: number) => frame(BROADCAST, station(1), mark, length)

function captureOf(frames: readonly Uint8Array[], microseconds = 1): Uint8Array {
  const time = (index: number) => BigInt(index) * BigInt(microseconds) * 1000n
  return concat(pcapHeader(), ...frames.map((one, index) => pcapRecord(one, time(index))))
}

const configOf = (input: object, output: object) => ({
  version: 1,
  bridges: { lan: {} },
  ports: {
    in: { bridge: 'lan', device: { type: 'pcap', ...input } },
    out: { bridge: 'lan', device: { type: 'pcap', ...output } },
  },
})

const ended = (running: Linkspan) => running.program.prints('capture file is at its end')

describe('a capture file as a port', () => {
  test.each(['fast', 'file'])(
    'comes in at the pace "%s" and is written where it leaves',
    async (pace) => {
      const folder = directory()
      const [read, write] = [join(folder, 'in.pcap'), join(folder, 'out.pcapng')]
      const frames = Array.from({ length: 2000 }, (_, mark) =>
        mark < lengths.length && (lengths[mark] as number) > 18
          ? numbered(mark, lengths[mark] as number)
          : numbered(mark, 18 + (mark % 400)),
      )
      writeFileSync(read, captureOf(frames, 20))
      const running = await up(configOf({ read, pace }, { write }))
      await ended(running)
      await until('all frames to have passed', async () => {
        return (await running.port('out')).tx.frames === frames.length
      })
      await running.portIs('in', { state: 'up' })
      expect(running.program.stdout + running.program.stderr).toContain(read)
      const { status } = await running.stop()
      expect(status).toBe(0)
      const { packets, truncated } = readCapture(readFileSync(write))
      expect(truncated).toBeUndefined()
      expect(packets.map((one) => markOf(one.frame))).toEqual(frames.map((_, mark) => mark))
      expect(
        packets.every(
          ({ frame: bytes }, mark) => Buffer.compare(bytes, frames[mark] as Uint8Array) === 0,
        ),
      ).toBe(true)
      expect(packets[0]).toMatchObject({ interface: { name: 'out' }, direction: 'transmit' })
    },
  )

  test('that ends in the middle of a packet gives what is before, and says so', async () => {
    const folder = directory()
    const [read, write] = [join(folder, 'in.pcap'), join(folder, 'out.pcapng')]
    writeFileSync(read, captureOf([numbered(0, 60), numbered(1, 60)]).subarray(0, -1))
    const running = await up(configOf({ read, pace: 'fast' }, { write }))
    await running.program.prints('endsInAPacketAt')
    await running.stop()
    expect(readCapture(readFileSync(write)).packets).toHaveLength(1)
  })

  test('that is damaged is an error of the port that names the place', async () => {
    const folder = directory()
    const [read, write] = [join(folder, 'in.pcap'), join(folder, 'out.pcapng')]
    writeFileSync(read, concat(captureOf([numbered(0, 60)]), new Uint8Array(16).fill(255)))
    const running = await up(configOf({ read, pace: 'fast' }, { write }))
    const { error } = await running.portIs('in', { state: 'error' })
    expect(error).toContain(`${read}: octet 108: a packet of 4294967295 captured octets`)
    await running.portIs('out', { state: 'up' })
  })

  test('that is not there, is none, or cannot be made is told by name', async () => {
    const folder = directory()
    const [read, write] = [join(folder, 'in.pcap'), join(folder, 'out.pcapng')]
    writeFileSync(read, captureOf([numbered(0, 60)]))
    const wrong: [read: string, write: string, message: string][] = [
      [join(folder, 'no'), write, `cannot read the capture file '${folder}/no': there is no such`],
      [folder, write, `cannot read the capture file '${folder}': it is no regular file`],
      [
        read,
        join(folder, 'no', 'o'),
        `cannot write the capture file '${folder}/no/o': there is no`,
      ],
      [
        read,
        join(folder, 'link'),
        `cannot write the capture file '${folder}/link': it is the file`,
      ],
      [read, folder, `cannot write the capture file '${folder}': it is a folder`],
    ]
    symlinkSync(read, join(folder, 'link'))
    for (const [from, to, message] of wrong) {
      const { stderr, status } = await upFails(configOf({ read: from, write: to }, { read }))
      expect(status).toBe(1)
      expect(stderr).toContain(message)
    }
  })

  test('that cannot be written any more is an error of the port that names it', async () => {
    const folder = directory()
    const disk = directory()
    const [read, write] = [join(folder, 'in.pcap'), join(disk, 'out.pcapng')]
    writeFileSync(read, captureOf(Array.from({ length: 200 }, (_, mark) => numbered(mark, 1000))))
    const mount = `mount -t tmpfs -o size=64k none '${disk}' && exec "$@"`
    const through = ['unshare', '-m', 'sh', '-c', mount, 'sh']
    const running = startUp(configOf({ read, pace: 'fast' }, { write }), { through })
    await running.program.prints('control socket')
    const { error } = await running.portIs('out', { state: 'error' })
    expect(error).toContain(`cannot write the capture file '${write}': the disk is full`)
    await running.portIs('in', { state: 'up' })
    expect((await running.stop()).status).toBe(0)
  })
})

test('what the kernel sends with checksums to be completed is in the file with right ones', async () => {
  const { stations, config } = lab(1)
  const [a] = stations
  if (!a) throw new Error('no station')
  const write = join(directory(), 'out.pcapng')
  const device = { type: 'pcap', write }
  const running = await up({
    ...config,
    ports: { ...config.ports, out: { bridge: 'lan', device } },
  })
  const there = a.ip4.replace(/\d+$/, '77')
  ip('-n', a.netns, 'neighbor', 'add', there, 'lladdr', '02:00:00:00:00:77', 'dev', 'eth0')
  const script = `exec 3>/dev/udp/${there}/9; printf %01000d 7 >&3; printf %0999d 7 >&3; (echo > /dev/tcp/${there}/9) & sleep 0.3; kill $!`
  await run(within(a.netns, 'bash', '-c', script))
  const udp = () =>
    readCapture(readFileSync(write))
      .packets.map(({ frame: bytes }) => dissect(bytes))
      .filter((layers) => layers.some(({ layer }) => layer === 'udp' || layer === 'tcp'))
  await until('the frames to be in the file', () => udp().length >= 3)
  const states = udp().map((layers) => {
    return layers.find(({ fields }) => 'sourcePort' in fields)?.fields.checksumState
  })
  expect(new Set(states)).toEqual(new Set(['right']))
  await running.stop()
})
