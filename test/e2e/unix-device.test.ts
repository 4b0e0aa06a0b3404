/** Ports that are sockets: programs that come, misbehave and go. */
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { createServer, type Socket as NetSocket } from 'node:net'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { loadNative } from '../../src/device/native.js'
import { SocketType } from '../../src/device/socket-path.js'
import { defer } from '../support/cleanup.js'
import { BROADCAST, frame, station as mac, markOf, packet, word } from '../support/frames.js'
import { cpuPerSecond, IDLE } from '../support/idle.js'
import { configOf, type Station, station } from '../support/lab.js'
import { directory, type Linkspan, up, upFails } from '../support/linkspan.js'
import { namespace } from '../support/netns.js'
import { type PacketSocket, packetSocket } from '../support/packet.js'
import { until } from '../support/until.js'
import { Vm } from '../support/vm.js'

interface UnixLab {
  running: Linkspan
  /** Behind a TAP. */
  a: Station
  ear: PacketSocket
  path: string
}

/** A TAP station `a` and a Unix port `vm`. */
async function unixLab(device: object = {}): Promise<UnixLab> {
  const a = station(0)
  namespace(a.netns, { ipv6: false })
  const path = join(directory(), 'vm.sock')
  const vm = { bridge: 'lan', device: { type: 'unix', path, ...device } }
  const config = configOf([a], { ipv6: false })
  const running = await up({ ...config, ports: { ...config.ports, vm } })
  return { running, a, ear: packetSocket(a.netns), path }
}

/** Marks of the frames of the test that came. */
function marks(ear: PacketSocket): number[] {
  return ear
    .take()
    .filter(({ frame: bytes }) => bytes[12] === 0x88 && bytes[13] === 0xb5)
    .map(({ frame: bytes }) => markOf(bytes))
}

const fromVm = (mark: number, length = 60) => frame(BROADCAST, mac(77), mark, length)
const toVm = (mark: number, length = 60) => frame(BROADCAST, mac(78), mark, length)

async function heard(ear: PacketSocket, mark: number): Promise<void> {
  await until(`frame ${mark} to arrive`, () => marks(ear).includes(mark))
}

/** Frames go both ways. */
async function talk(vm: Vm, { ear }: UnixLab, mark: number): Promise<void> {
  await vm.send(fromVm(mark))
  await heard(ear, mark)
  ear.send(toVm(mark + 1))
  await vm.receives(mark + 1)
}

async function drops({ running }: UnixLab, reason: string): Promise<number> {
  const all = await running.show<{ port: string; reason: string; frames: number }[]>('drops')
  return all.find((drop) => drop.port === 'vm' && drop.reason === reason)?.frames ?? 0
}

const absent = (path: string) => `no client is connected to ${path}`

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

describe('a socket that is not listened on', () => {
  test('is connected to, and again when it comes back', async () => {
    const path = join(directory(), 'theirs.sock')
    const server = await listenAt(path)
    const a = station(0)
    namespace(a.netns, { ipv6: false })
    const vm = { bridge: 'lan', device: { type: 'unix', path, listen: false } }
    const config = configOf([a], { ipv6: false })
    const running = await up({ ...config, ports: { ...config.ports, vm } })
    const lab = { running, a, ear: packetSocket(a.netns), path }
    await running.portIs('vm', { state: 'up' })
    await talk(await server.next(), lab, 1)
    server.close()
    await running.portIs('vm', { state: 'down' })
    await until('the reason', async () => (await running.port('vm')).error?.includes('hung up'))
    const again = await listenAt(path)
    await running.portIs('vm', { state: 'up', error: null })
    await talk(await again.next(), lab, 3)
  })

  test('and is not there is an error that says so, or is waited for', async () => {
    const path = join(directory(), 'theirs.sock')
    const device = { type: 'unix', path, listen: false }
    const config = { version: 1, bridges: { lan: {} }, ports: { vm: { bridge: 'lan', device } } }
    const { stderr } = await upFails(config)
    expect(stderr).toContain(`cannot connect to '${path}': there is no socket`)
    const waiting = { bridge: 'lan', device: { ...device, missing: 'wait' } }
    const running = await up({ ...config, ports: { vm: waiting } })
    await running.portIs('vm', { state: 'waiting' })
    await listenAt(path)
    await running.portIs('vm', { state: 'up' })
  })
})

async function listenAt(path: string) {
  const clients: NetSocket[] = []
  const server = createServer((socket) => clients.push(socket))
  const close = () => {
    server.close()
    for (const client of clients) client.destroy()
    rmSync(path, { force: true })
  }
  defer(close)
  await new Promise<void>((resolve) => server.listen(path, resolve))
  const next = async () => new Vm(await until('a client', () => clients.at(-1)))
  return { next, close }
}

describe('messages', () => {
  const native = loadNative()
  const opened = (fd: number) => {
    defer(() => native.close(fd))
    return fd
  }

  /** Until a frame of that mark comes; a test's other frames are passed over. */
  const comes = (fd: number, mark: number) => {
    const buffer = new Uint8Array(70_000)
    return until(`frame ${mark} to come`, () => {
      const length = native.readFrame(fd, buffer)
      return length > 17 && buffer[12] === 0x88 && markOf(buffer) === mark ? length : undefined
    })
  }

  test('seqpacket: a frame a message, one client after the other', async () => {
    const { running, ear, path } = await unixLab({ mode: 'seqpacket' })
    for (let round = 0; round < 2; round++) {
      const fd = native.unixConnect(path, SocketType.SEQPACKET)
      await running.portIs('vm', { state: 'up', error: null })
      native.writeFrame(fd, fromVm(1, 200))
      await heard(ear, 1)
      ear.send(toVm(2, 300))
      expect(await comes(fd, 2)).toBe(300)
      native.close(fd)
      await running.portIs('vm', { state: 'down' })
    }
    expect(await cpuPerSecond(running.pid)).toBeLessThan(IDLE)
  })

  test('dgram: whoever sends is heard, who sent last is answered', async () => {
    const { running, ear, path } = await unixLab({ mode: 'dgram' })
    await running.portIs('vm', { state: 'up' })
    expect(statSync(path).mode & 0o777).toBe(0o600)
    ear.send(toVm(1))
    for (const [name, mark] of [
      ['a', 10],
      ['b', 20],
    ] as const) {
      const fd = opened(native.unixCorrespond(join(directory(), name), path))
      native.writeFrame(fd, fromVm(mark))
      await heard(ear, mark)
      ear.send(toVm(mark + 1))
      expect(await comes(fd, mark + 1)).toBe(60)
    }
    const all = await running.show<{ port: string; reason: string }[]>('drops')
    expect(all).toContainEqual(expect.objectContaining({ port: 'vm', reason: 'device-down' }))
  })

  test('dgram between two paths, down while nobody is at the other', async () => {
    const [path, local] = ['theirs', 'ours'].map((name) => join(directory(), name)) as [
      string,
      string,
    ]
    const { running, ear } = await unixLab({
      mode: 'dgram',
      listen: false,
      path,
      local,
      missing: 'wait',
    })
    await running.portIs('vm', { state: 'waiting' })
    for (const mark of [1, 3]) {
      const fd = native.unixListen(path, SocketType.DGRAM)
      await running.portIs('vm', { state: 'up', error: null })
      expect(native.unixReach(fd, local)).toBe(0)
      native.writeFrame(fd, fromVm(mark))
      await heard(ear, mark)
      ear.send(toVm(mark + 1))
      expect(await comes(fd, mark + 1)).toBe(60)
      native.close(fd)
      rmSync(path)
      await running.portIs('vm', { state: 'down', error: `nobody is at ${path} any more` })
    }
    await running.stop()
    expect(existsSync(local)).toBe(false)
  })
})

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

describe('the path of a socket', () => {
  test('is taken over from a program that was killed', async () => {
    const native = loadNative()
    const path = join(directory(), 'vm.sock')
    native.close(native.unixListen(path, SocketType.STREAM))
    expect(lstatSync(path).isSocket()).toBe(true)
    const device = { type: 'unix', path }
    const running = await up({
      version: 1,
      bridges: { lan: {} },
      ports: { vm: { bridge: 'lan', device } },
    })
    await Vm.connect(path)
    await running.portIs('vm', { state: 'up' })
  })

  test.each([
    ['stream', 'stream'],
    ['stream', 'dgram'],
    ['dgram', 'seqpacket'],
  ] as const)('is not taken from one that runs: a %s socket, for %s', async (theirs, mode) => {
    const native = loadNative()
    const path = join(directory(), 'vm.sock')
    const type = theirs === 'stream' ? SocketType.STREAM : SocketType.DGRAM
    const fd = native.unixListen(path, type)
    defer(() => native.close(fd))
    const { stderr } = await upFails(portAt({ path, mode }))
    expect(stderr).toContain(`cannot listen on '${path}': another program listens there`)
    expect(lstatSync(path).isSocket()).toBe(true)
  })

  test('that is another file is an error, and stays', async () => {
    const path = join(directory(), 'vm.sock')
    writeFileSync(path, 'mine')
    const { stderr } = await upFails(portAt({ path }))
    expect(stderr).toContain(`cannot listen on '${path}': it is there and is no socket`)
    expect(existsSync(path)).toBe(true)
  })

  test('whose directory is missing is an error, or is waited for', async () => {
    const parent = directory()
    const path = join(parent, 'later', 'vm.sock')
    expect((await upFails(portAt({ path }))).stderr).toContain('its directory is not there')
    const running = await up(portAt({ path, missing: 'wait' }))
    await running.portIs('vm', { state: 'waiting' })
    mkdirSync(join(parent, 'later'))
    await running.portIs('vm', { state: 'down' })
    await Vm.connect(path)
    await running.portIs('vm', { state: 'up' })
  })

  test('that became another program’s is left to it', async () => {
    const path = join(directory(), 'vm.sock')
    const running = await up(portAt({ path }))
    rmSync(path)
    await listenAt(path)
    chmodSync(path, 0o644)
    await running.stop()
    expect(existsSync(path)).toBe(true)
  })
})

function portAt(device: object) {
  const port = { bridge: 'lan', device: { type: 'unix', ...device } }
  return { version: 1, bridges: { lan: {} }, ports: { vm: port } }
}
