/** Ports that speak QEMU's stream framing: virtual machines that come, misbehave and go. */
import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { stream } from '../support/coalescing.js'
import { station as mac, packet, superFrame, word } from '../support/frames.js'
import { cpuPerSecond, IDLE } from '../support/idle.js'
import { configOf, station } from '../support/lab.js'
import { directory, up } from '../support/linkspan.js'
import { namespace } from '../support/netns.js'
import { packetSocket } from '../support/packet.js'
import { checksumIsRight } from '../support/parse.js'
import { absent, drops, fromVm, heard, marks, talk, toVm, unixLab } from '../support/unix-lab.js'
import { until } from '../support/until.js'
import { Gso } from '../support/virtio.js'
import { Vm } from '../support/vm.js'

describe('a stream', () => {
  test('is down until a client comes, carries its frames, and is down when it goes', async () => {
    const lab = await unixLab()
    const { running, path } = lab
    await running.portIs('vm', { state: 'down', error: absent(path), ifname: null, mtu: 1500 })
    for (let round = 0; round < 3; round++) {
      const vm = await Vm.connect(path)
      await running.portIs('vm', { state: 'up', error: null })
      await talk(vm, lab, 10 * round)
      vm.end()
      await running.portIs('vm', { state: 'down' })
      expect((await running.port('vm')).error).toContain('it hung up')
      expect(Object.values(await running.fdb())).not.toContain('vm')
    }
    expect(running.program.stderr).toContain('port is down')
    expect(await cpuPerSecond(running.pid)).toBeLessThan(IDLE)
  })

  test('segments that come together arrive as one', async () => {
    const { running, ear, path } = await unixLab()
    const vm = await Vm.connect(path)
    await running.portIs('vm', { state: 'up' })
    const { whole, segments } = stream(1000, 3)
    // One write, so that all are there when the worker looks.
    const written = segments.map((each) => Uint8Array.of(...word(0), ...word(each.length), ...each))
    await vm.sendRaw(Buffer.concat(written))
    const arrived: unknown[] = []
    await until('the frame', () => {
      arrived.push(...ear.take().filter(({ frame }) => frame.length >= whole.frame.length))
      return arrived.length > 0
    })
    expect(arrived).toMatchObject([{ header: { gsoType: Gso.TCPV4, gsoSize: 1000 } }])
    expect(arrived).toMatchObject([{ frame: whole.frame }])
  })

  test('is for its owner only, and gone with the switch', async () => {
    const { running, path } = await unixLab()
    expect(statSync(path).mode & 0o777).toBe(0o600)
    await running.stop()
    expect(existsSync(path)).toBe(false)
  })

  test('serves one client; the next one waits its turn', async () => {
    const lab = await unixLab()
    const first = await Vm.connect(lab.path)
    await talk(first, lab, 1)
    const second = await Vm.connect(lab.path)
    await second.send(fromVm(10))
    await talk(first, lab, 3)
    expect(marks(lab.ear)).toEqual([])
    first.end()
    await heard(lab.ear, 10)
    await talk(second, lab, 11)
  })

  test('keeps its client when its port is set to something else', async () => {
    const lab = await unixLab()
    const vm = await Vm.connect(lab.path)
    await talk(vm, lab, 1)
    await lab.running.do('port', 'set', 'vm', '--macs', '9')
    await talk(vm, lab, 3)
    expect(lab.running.program.stderr).not.toContain('hung up')
  })

  test.each([0, 1, 13])('a length of %i is a short frame: counted, and no harm', async (length) => {
    const lab = await unixLab()
    const vm = await Vm.connect(lab.path)
    await talk(vm, lab, 1)
    await vm.send(new Uint8Array(length))
    await talk(vm, lab, 3)
    expect(await drops(lab, 'short-frame')).toBe(1)
  })

  test('a length of 65,537 is a frame that fits nowhere', async () => {
    const lab = await unixLab()
    const vm = await Vm.connect(lab.path)
    await talk(vm, lab, 1)
    await vm.send(fromVm(2, 65_537))
    await talk(vm, lab, 3)
    const all = await lab.running.show<{ port: string; reason: string }[]>('drops')
    expect(all).toContainEqual(
      expect.objectContaining({ port: 'a', reason: 'over-mtu', frames: 1 }),
    )
  })

  test.each([65_608, 4_294_967_295])(
    'a length of %i ends the client, with a reason; the next one starts clean',
    async (length) => {
      const lab = await unixLab()
      const { running, path } = lab
      const vm = await Vm.connect(path)
      await talk(vm, lab, 1)
      await vm.sendRaw(Uint8Array.of(length >>> 24, length >>> 16, length >>> 8, length))
      await vm.ended()
      await until('the reason', async () =>
        (await running.port('vm')).error?.includes(`it sent the frame length ${length}`),
      )
      expect(running.program.stderr).toContain(`it sent the frame length ${length}`)
      await talk(await Vm.connect(path), lab, 3)
      await running.portIs('vm', { state: 'up', error: null })
    },
  )

  test.each([
    ['a length', Uint8Array.of(0, 0, 1)],
    ['a frame', Uint8Array.of(0, 0, 1, 0, 7, 7, 7)],
  ])('a client that closes in the middle of %s leaves nothing to the next', async (_, part) => {
    const lab = await unixLab()
    const vm = await Vm.connect(lab.path)
    await talk(vm, lab, 1)
    await vm.sendRaw(part)
    vm.end()
    const next = await Vm.connect(lab.path)
    await talk(next, lab, 3)
  })

  test('a client that says it will send no more is let go of', async () => {
    const lab = await unixLab()
    const vm = await Vm.connect(lab.path)
    await talk(vm, lab, 1)
    vm.halfClose()
    await vm.ended()
    expect(await cpuPerSecond(lab.running.pid)).toBeLessThan(IDLE)
    await talk(await Vm.connect(lab.path), lab, 3)
  })

  test('a client that stalls in mid-frame costs nothing', async () => {
    const lab = await unixLab()
    const vm = await Vm.connect(lab.path)
    await talk(vm, lab, 1)
    await vm.sendRaw(Uint8Array.of(0, 0, 0, 60, 1, 2, 3))
    expect(await cpuPerSecond(lab.running.pid)).toBeLessThan(IDLE)
    // It may receive all the while, and goes on where it stopped.
    lab.ear.send(toVm(5))
    await vm.receives(5)
    const rest = fromVm(6)
    await vm.sendRaw(Uint8Array.from({ length: 57 }, () => 0))
    await vm.send(rest)
    await heard(lab.ear, 6)
  })

  test('a client that does not read loses its frames, and only its', async () => {
    const lab = await unixLab()
    const { ear, running } = lab
    const vm = await Vm.connect(lab.path)
    await talk(vm, lab, 1)
    vm.pause()
    await until('its frames to be dropped', async () => {
      for (let count = 0; count < 500; count++) ear.send(toVm(100, 1514))
      return (await drops(lab, 'device-full')) > 0
    })
    // The other way it is as good as ever.
    await vm.send(fromVm(4))
    await heard(ear, 4)
    vm.resume()
    await until('it to be served again', async () => {
      ear.send(toVm(200))
      return vm.has(200)
    })
    expect(vm.broken).toBe(false)
    expect((await running.port('vm')).state).toBe('up')
  })
})

test.each([4, 6] as const)(
  'a super-frame over IPv%i comes in segments, their checksums complete',
  async (version) => {
    const lab = await unixLab()
    const vm = await Vm.connect(lab.path)
    await talk(vm, lab, 1)
    const gsoSize = 1400
    const sent = superFrame(gsoSize, { version, payload: 10 * gsoSize, from: mac(78), to: mac(77) })
    lab.ear.send(sent.frame, sent.header)
    const segments = () => vm.frames.filter((bytes) => bytes[5] === 77 && bytes[11] === 78)
    await until('ten segments', () => segments().length >= 10)
    const { payload } = sent.layout
    const payloads = segments().map((bytes) => bytes.subarray(payload))
    expect(payloads.map((bytes) => bytes.length)).toEqual(new Array(10).fill(gsoSize))
    expect(Buffer.concat(payloads)).toEqual(Buffer.from(sent.frame.subarray(payload)))
    for (const bytes of segments()) expect(checksumIsRight(bytes)).toBe(true)
  },
)

test('many workers write to one stream: every frame is whole', async () => {
  const stations = [0, 1, 2, 3].map((index) => station(index))
  for (const { netns } of stations) namespace(netns, { ipv6: false })
  const path = join(directory(), 'vm.sock')
  const config = configOf(stations, { ipv6: false })
  const vm = { bridge: 'lan', device: { type: 'unix', path } }
  const running = await up({ ...config, workers: 2, ports: { ...config.ports, vm } })
  const client = await Vm.connect(path)
  await running.portIs('vm', { state: 'up' })
  const mouths = stations.map(({ netns }) => packetSocket(netns))
  const sent = new Set<string>()
  for (let round = 0; round < 300; round++) {
    for (const [index, mouth] of mouths.entries()) {
      const made = packet({
        from: mac(100 + index),
        to: mac(9999),
        protocol: 'udp',
        payload: round,
      })
      // Of many flows, so that all queues of the TAPs, and so all workers, have their share.
      made.frame.set(word(1000 + round), made.layout.l4)
      mouth.send(made.frame)
      sent.add(Buffer.from(made.frame).toString('hex'))
    }
    if (round % 50 === 49) await new Promise((done) => setTimeout(done, 10))
  }
  await until('the last frames', () => client.frames.length >= sent.size)
  const arrived = client.frames.map((bytes) => Buffer.from(bytes).toString('hex'))
  expect(new Set(arrived)).toEqual(sent)
  const workers = await running.show<{ frames: number }[]>('workers')
  expect(workers.map(({ frames }) => frames > 100)).toEqual([true, true])
})
