/** Ports that are sockets, other than streams that are listened on, and the paths of all. */
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
import { markOf } from '../support/frames.js'
import { cpuPerSecond, IDLE } from '../support/idle.js'
import { configOf, station } from '../support/lab.js'
import { directory, up, upFails } from '../support/linkspan.js'
import { namespace } from '../support/netns.js'
import { packetSocket } from '../support/packet.js'
import { fromVm, heard, talk, toVm, unixLab } from '../support/unix-lab.js'
import { until } from '../support/until.js'
import { Vm } from '../support/vm.js'

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
