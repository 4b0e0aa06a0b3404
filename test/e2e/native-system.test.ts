import { readlinkSync } from 'node:fs'
import { constants } from 'node:os'
import { Worker } from 'node:worker_threads'
import { describe, expect, test } from 'vitest'
import { loadNative } from '../../src/device/native.js'
import {
  defer,
  ip,
  namespace,
  quietNamespace,
  rawTap,
  runScript,
  uniqueName,
} from './native-support.js'

const native = loadNative()
const { EAGAIN, ENOBUFS } = constants.errno
const EPOLLIN = 1
const EPOLLERR = 8
const READY = 0x2000

function attached() {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true })
  return {
    memory: native.attach(new Uint8Array(memory.buffer)),
    words: new Uint32Array(memory.buffer),
  }
}

function poller() {
  const made = native.pollerCreate()
  defer(() => {
    native.close(made.epoll)
    native.close(made.event)
  })
  return made
}

describe('errors', () => {
  test.each([
    ['EINVAL', 'ioctl(TUNSETIFF)', 'lo', () => native.tapOpen('lo', 0x1002)],
    ['EBADF', 'close', 'fd 99999', () => native.close(99_999)],
    ['ENOENT', 'open', '/nonexistent', () => native.namespaceOpen('/nonexistent')],
    ['EINVAL', 'ioctl(NS_GET_NSTYPE)', '/dev/null', () => native.namespaceOpen('/dev/null')],
    ['EBADF', 'setns', 'fd 99999', () => native.netlinkOpen(99_999, 0)],
    ['ENODEV', 'bind', 'interface 99999', () => native.packetOpen(-1, 99_999, 0)],
    ['EBADF', 'epoll_ctl(EPOLL_CTL_ADD)', 'fd 99999', () => native.pollerAdd(99_998, 99_999, 1)],
  ])('%s of %s on %s', (code, syscall, device, call) => {
    const reason = expect.stringMatching(new RegExp(`: ${code}, [a-z]`))
    const errno = -(constants.errno[code as 'EINVAL'] ?? 0)
    expect(call).toThrow(expect.objectContaining({ code, errno, syscall, device, message: reason }))
  })

  test('an ioctl names the device of its queue', () => {
    const { fd } = rawTap(quietNamespace(), 'eth7')
    const call = () => native.tapSetOffload(fd, 0x4000)
    expect(call).toThrow("ioctl(TUNSETOFFLOAD) on 'eth7': EINVAL, invalid argument")
  })

  test('a busy TAP is EBUSY', () => {
    const name = uniqueName()
    const { fd } = native.tapOpen(name, 0x1002)
    defer(() => native.close(fd))
    expect(() => native.tapOpen(name, 0x1002)).toThrow(
      `ioctl(TUNSETIFF) on '${name}': EBUSY, device or resource busy`,
    )
  })

  test.each([
    ['a name too long', () => native.tapOpen('a'.repeat(16), 0x1002)],
    ['a name with a NUL', () => native.tapOpen('a\0b', 0x1002)],
    ['a missing number', () => native.close(undefined as unknown as number)],
    ['a buffer of another type', () => native.netlinkSend(0, [] as unknown as Uint8Array)],
    ['a foreign handle', () => native.unwatch(native.attach(new Uint8Array(8)) as never)],
    ['no handle', () => native.wait({} as never, 0, 0, 0, 0, 0, 0)],
    ['no callback', () => native.watch(0, 5 as never)],
  ])('%s is a TypeError', (_, call) => {
    expect(call).toThrow(TypeError)
  })
})

describe('namespaces', () => {
  test('are identified by device and inode', () => {
    const opened = native.namespaceOpen('/proc/self/ns/net')
    native.close(opened.fd)
    expect(readlinkSync('/proc/self/ns/net')).toBe(`net:[${opened.inode}]`)
  })

  test('the thread comes back from another one, also when the call fails there', () => {
    const { fd } = native.namespaceOpen(`/run/netns/${namespace()}`)
    const before = readlinkSync('/proc/thread-self/ns/net')
    native.close(native.netlinkOpen(fd, 0))
    expect(() => native.packetOpen(fd, 99_999, 12)).toThrow('ENODEV')
    expect(() => native.tapOpen('lo', 0x1002, fd)).toThrow('EINVAL')
    expect(readlinkSync('/proc/thread-self/ns/net')).toBe(before)
    native.close(fd)
  })

  test('a TAP can be opened in another one', () => {
    const netns = namespace()
    const { fd } = native.namespaceOpen(`/run/netns/${netns}`)
    const tap = native.tapOpen('inside', 0x1002, fd)
    native.close(fd)
    expect(ip('-n', netns, 'link')).toContain('inside')
    expect(native.tapInfo(tap.fd)).toMatchObject({ name: 'inside' })
    native.close(tap.fd)
  })
})

describe('wait', () => {
  test('tells tokens of queues with frames, and of devices that went', () => {
    const { memory, words } = attached()
    const { epoll, event } = poller()
    const netns = quietNamespace()
    const taps = ['ta', 'tb'].map((name) => rawTap(netns, name))
    for (const [i, { fd }] of taps.entries()) native.pollerAdd(epoll, fd, 40 + i)
    expect(native.wait(memory, epoll, event, READY, 8, 0, 0)).toBe(0)
    ip('-n', netns, 'link', 'del', 'tb')
    expect(native.wait(memory, epoll, event, READY, 8, 1000, 0)).toBe(1)
    const [token, events = 0] = words.slice(READY / 4)
    expect(token).toBe(41)
    expect(events & EPOLLERR).toBe(EPOLLERR)
    native.pollerRemove(epoll, taps[1]?.fd ?? -1)
    expect(native.wait(memory, epoll, event, READY, 8, 0, 0)).toBe(0)
    const socket = native.netlinkOpen(-1, 0)
    defer(() => native.close(socket))
    native.pollerAdd(epoll, socket, 7)
    const request = new Uint8Array(20)
    request.set([20, 0, 0, 0, 18, 0, 1, 3])
    native.netlinkSend(socket, request)
    expect(native.wait(memory, epoll, event, READY, 8, 1000, 0)).toBe(1)
    expect([...words.slice(READY / 4, READY / 4 + 2)]).toEqual([7, EPOLLIN])
  })

  test('a wake ends it once, and is not told', () => {
    const { memory, words } = attached()
    const { epoll, event } = poller()
    words[READY / 4] = 77
    native.wake(event)
    native.wake(event)
    expect(native.wait(memory, epoll, event, READY, 8, 10_000, 0)).toBe(0)
    expect(words[READY / 4]).toBe(77)
    // Were it not drained, this would end at once and the worker would spin.
    const ready = poller()
    native.pollerAdd(ready.epoll, event, 5)
    expect(native.wait(memory, ready.epoll, ready.event, READY, 8, 0, 0)).toBe(0)
  })

  test('the ready list must lie inside', () => {
    const { memory } = attached()
    const { epoll, event } = poller()
    expect(() => native.wait(memory, epoll, event, 65_528, 2, 0, 0)).toThrow(RangeError)
    expect(() => native.wait(memory, epoll, event, READY + 1, 2, 0, 0)).toThrow(RangeError)
  })
})

describe('threads', () => {
  test('several load it; one wakes another', async () => {
    const { epoll, event } = poller()
    const shared = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true })
    const addon = new URL('../../native/build/Release/linkspan.node', import.meta.url).pathname
    const source = `
      const { parentPort, workerData } = require('node:worker_threads')
      const native = require(${JSON.stringify(addon)})
      const memory = native.attach(new Uint8Array(workerData.shared.buffer))
      native.watch(native.netlinkOpen(-1, 1), () => {})
      const { epoll, event } = workerData.index === 0 ? workerData : native.pollerCreate()
      parentPort.postMessage('waiting')
      native.wait(memory, epoll, event, 0, 8, workerData.index === 0 ? 60000 : 1, 0)
      parentPort.postMessage('woken')`
    const workers = [0, 1, 2].map((index) => {
      const workerData = { shared, epoll, event, index }
      return new Worker(source, { eval: true, workerData })
    })
    const says = workers.map((worker) => {
      return new Promise<void>((done) => worker.on('message', (text) => text === 'woken' && done()))
    })
    await new Promise((done) => workers[0]?.once('message', done))
    native.wake(event)
    await Promise.all(says)
    // With watches still on: ending a thread has to close them.
    await Promise.all(workers.map((worker) => worker.terminate()))
  })
})

describe('watch', () => {
  test('calls back while readable, and not after unwatch', async () => {
    const fd = native.netlinkOpen(-1, 1)
    const buffer = new Uint8Array(65_536)
    expect(native.netlinkReceive(fd, buffer)).toBe(-EAGAIN)
    const name = uniqueName()
    let calls = 0
    const handle = await new Promise<ReturnType<typeof native.watch>>((done) => {
      const watch = native.watch(fd, () => {
        calls++
        while (native.netlinkReceive(fd, buffer) > 0);
        done(watch)
      })
      const { fd: tap } = native.tapOpen(name, 0x1002)
      defer(() => native.close(tap))
    })
    native.unwatch(handle)
    native.unwatch(handle)
    const before = calls
    ip('link', 'set', name, 'mtu', '1400')
    await new Promise((done) => setImmediate(done))
    expect(calls).toBe(before)
    expect(native.netlinkReceive(fd, buffer)).toBeGreaterThan(0)
    native.close(fd)
  })

  test('goes on after the kernel had to drop events: ENOBUFS', async () => {
    const fd = native.netlinkOpen(-1, 1)
    const { fd: tap, name } = native.tapOpen(uniqueName(), 0x1002)
    const buffer = new Uint8Array(65_536)
    const results: number[] = []
    const drain = () => {
      for (let got = 1; got > 0 || got === -ENOBUFS; results.push(got)) {
        got = native.netlinkReceive(fd, buffer)
      }
    }
    let told = () => {}
    const handle = native.watch(fd, () => {
      drain()
      told()
    })
    defer(() => {
      native.unwatch(handle)
      native.close(fd)
      native.close(tap)
    })
    const next = () => new Promise<void>((done) => (told = done))
    // More than a socket buffer takes, with the event loop standing still.
    const overrun = next()
    for (let i = 0; i < 400; i++) ip('link', 'set', name, 'mtu', String(1000 + i))
    await overrun
    expect(results).toContain(-ENOBUFS)
    const again = next()
    ip('link', 'set', name, 'mtu', '1300')
    await again
  }, 30_000)

  test('does not keep a process alive, and an exception in it is uncaught', () => {
    const script = `
      import { loadNative } from './device/native.js'
      const native = loadNative()
      const fd = native.netlinkOpen(-1, 1)
      native.watch(fd, () => { throw new Error('from the callback') })
      if (process.env.LINKSPAN_EVENT) { native.tapOpen('${uniqueName()}', 0x1002); setTimeout(() => {}, 9999) }`
    expect(runScript(script)).toMatchObject({ status: 0, stderr: '' })
    const { status, stderr } = runScript(script, 'env', 'LINKSPAN_EVENT=1')
    expect(status).toBe(1)
    expect(stderr).toContain('from the callback')
  })
})
