import { spawn, spawnSync } from 'node:child_process'
import { readlinkSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { DeviceLinkEvent } from '../../src/device/device.js'
import {
  identifyNamespace,
  type NamespaceIdentity,
  namespaceExists,
  resolveNamespace,
} from '../../src/device/namespace.js'
import { watchNamespace } from '../../src/device/namespace-watch.js'
import { loadNative } from '../../src/device/native.js'
import { TapDevice, type TapOptions } from '../../src/device/tap.js'
import { defer, ip, namespace, uniqueName } from './native-support.js'

const native = loadNative()
const EPOLLERR = 8

function open(options: TapOptions): TapDevice {
  const tap = TapDevice.open(options, 1)
  defer(() => tap.close())
  return tap
}

/** Until it holds: what is waited for here is the kernel's or the one-second look's to do. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((done) => setTimeout(done, 5))
}

/** Whether a queue's device is gone. */
function hasError(fd: number): boolean {
  const buffer = new ArrayBuffer(64)
  const { epoll, event } = native.pollerCreate()
  native.pollerAdd(epoll, fd, 1)
  const count = native.wait(native.attach(new Uint8Array(buffer)), epoll, event, 0, 1, 0, 0)
  native.close(epoll)
  native.close(event)
  return count === 1 && ((new Uint32Array(buffer)[1] ?? 0) & EPOLLERR) !== 0
}

describe('link events', () => {
  test('tell of down, up, MTU and deletion', async () => {
    const netns = namespace()
    const tap = open({ name: 'eth0', netns })
    const events: DeviceLinkEvent[] = []
    tap.onLink((event) => events.push(event))
    const told = (event: DeviceLinkEvent) => () =>
      events.some((each) => JSON.stringify(each) === JSON.stringify(event))
    ip('-n', netns, 'link', 'set', 'eth0', 'down')
    await until(told({ up: false, mtu: 1500, deleted: false }))
    ip('-n', netns, 'link', 'set', 'eth0', 'up', 'mtu', '1300')
    await until(told({ up: true, mtu: 1300, deleted: false }))
    ip('-n', netns, 'link', 'del', 'eth0')
    await until(told({ up: false, mtu: 1300, deleted: true }))
    expect(events.at(-1)?.deleted).toBe(true)
    expect(tap.info()).toBeUndefined()
    expect(hasError(tap.queues[0]?.fd ?? -1)).toBe(true)
  })

  test('are of one device only, and end with the subscription', async () => {
    const netns = namespace()
    const [one, other] = ['eth0', 'eth1'].map((name) => open({ name, netns }))
    const events: string[] = []
    const stop = one?.onLink(({ mtu }) => events.push(`one ${mtu}`))
    other?.onLink(({ mtu }) => events.push(`other ${mtu}`))
    ip('-n', netns, 'link', 'set', 'eth0', 'mtu', '1300')
    await until(() => events.includes('one 1300'))
    expect(events.filter((text) => text.startsWith('other'))).toEqual([])
    stop?.()
    ip('-n', netns, 'link', 'set', 'eth0', 'mtu', '1200')
    ip('-n', netns, 'link', 'set', 'eth1', 'mtu', '1200')
    await until(() => events.includes('other 1200'))
    expect(events).not.toContain('one 1200')
  })

  test('are made up for when the kernel had to drop some', async () => {
    const netns = namespace()
    const [kept, lost] = ['kept', 'lost'].map((name) => open({ name, netns }))
    const events: string[] = []
    kept?.onLink(({ mtu, deleted }) => events.push(`kept ${mtu} ${deleted}`))
    lost?.onLink(({ deleted }) => events.push(`lost ${deleted}`))
    // The event loop stands still meanwhile, and the socket buffer is full long before the end.
    for (let i = 0; i < 400; i++) ip('-n', netns, 'link', 'set', 'kept', 'mtu', String(1000 + i))
    ip('-n', netns, 'link', 'del', 'lost')
    await until(() => events.includes('lost true') && events.includes('kept 1399 false'))
  }, 30_000)
})

describe('a namespace that goes', () => {
  test('takes its TAP with it: it is let go of, and the queue reports EPOLLERR', async () => {
    const netns = namespace()
    const tap = open({ name: 'eth0', netns })
    tap.onLink(() => {})
    expect(hasError(tap.queues[0]?.fd ?? -1)).toBe(false)
    ip('netns', 'del', netns)
    await until(() => hasError(tap.queues[0]?.fd ?? -1))
    expect(tap.info()).toBeUndefined()
    tap.close()
  })

  test('can come again under its name, with a TAP of the same name', async () => {
    const netns = namespace()
    const before = open({ name: 'eth0', netns })
    ip('netns', 'del', netns)
    ip('netns', 'add', netns)
    const after = open({ name: 'eth0', netns })
    await until(() => hasError(before.queues[0]?.fd ?? -1))
    expect(hasError(after.queues[0]?.fd ?? -1)).toBe(false)
    expect(after.info()).toMatchObject({ name: 'eth0', up: true })
  })

  test('as the one of a process', async () => {
    const child = spawn('unshare', ['-n', 'sleep', '1000'])
    defer(() => child.kill('SIGKILL'))
    const own = readlinkSync('/proc/self/ns/net')
    await until(() => {
      const link = spawnSync('readlink', [`/proc/${child.pid}/ns/net`], { encoding: 'utf8' })
      return link.stdout.startsWith('net:') && link.stdout.trim() !== own
    })
    const tap = open({ name: 'eth0', netns: `pid:${child.pid}` })
    child.kill('SIGKILL')
    await until(() => hasError(tap.queues[0]?.fd ?? -1))
  })

  test('goes at once when released by hand', async () => {
    const netns = namespace()
    const [one, other] = ['eth0', 'eth1'].map((name) => open({ name, netns }))
    ip('netns', 'del', netns)
    one?.releaseNamespace()
    one?.releaseNamespace()
    other?.releaseNamespace()
    await until(() => hasError(one?.queues[0]?.fd ?? -1) && hasError(other?.queues[0]?.fd ?? -1))
  })
})

describe('watching a namespace', () => {
  test('tells when it comes, goes, and is another', async () => {
    const name = uniqueName()
    const seen: (NamespaceIdentity | undefined)[] = []
    defer(watchNamespace(name, undefined, (now) => seen.push(now)))
    namespace(name)
    await until(() => seen.length === 1)
    expect(seen[0]).toEqual(identifyNamespace(`/run/netns/${name}`))
    // Held, so that the kernel cannot give its number again.
    const { fd } = native.namespaceOpen(`/run/netns/${name}`)
    ip('netns', 'del', name)
    ip('netns', 'add', name)
    await until(() => seen.length > 1 && seen.at(-1) !== undefined)
    expect(seen.at(-1)).not.toEqual(seen[0])
    native.close(fd)
    ip('netns', 'del', name)
    await until(() => seen.at(-1) === undefined)
  })

  test('no name, a plain file and a directory are none', () => {
    expect(namespaceExists(uniqueName())).toBe(false)
    expect(namespaceExists('/etc/passwd')).toBe(false)
    expect(namespaceExists('/run')).toBe(false)
    expect(namespaceExists('pid:99999999')).toBe(false)
    expect(namespaceExists(`pid:${process.pid}`)).toBe(true)
    expect(namespaceExists(undefined)).toBe(true)
  })

  test.each([
    [undefined, '/proc/self/ns/net'],
    ['web', '/run/netns/web'],
    ['./web', './web'],
    ['/run/x', '/run/x'],
    ['pid:42', '/proc/42/ns/net'],
  ])('%s is at %s', (spec, path) => {
    expect(resolveNamespace(spec).path).toBe(path)
  })
})
