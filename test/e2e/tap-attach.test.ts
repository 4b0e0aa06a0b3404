import { describe, expect, test } from 'vitest'
import { loadNative } from '../../src/device/native.js'
import { TapDevice, type TapOptions } from '../../src/device/tap.js'
import { defer, ip, ipJson, namespace, quietNamespace } from './native-support.js'

function attach(options: Omit<TapOptions, 'create'>, queues = 2): TapDevice {
  const tap = TapDevice.open({ ...options, create: false }, queues)
  defer(() => tap.close())
  return tap
}

const names = (netns: string) =>
  ipJson<{ ifname: string }[]>(netns, 'link').map(({ ifname }) => ifname)

describe('attaching', () => {
  test('opens all queues of a multi-queue TAP, and leaves it as it was', () => {
    const netns = quietNamespace()
    ip('-n', netns, 'tuntap', 'add', 'vm1', 'mode', 'tap', 'multi_queue')
    ip('-n', netns, 'link', 'set', 'vm1', 'up', 'mtu', '1400')
    const details = () => ipJson<object[]>(netns, '-d', 'link', 'show', 'vm1')
    const tap = attach({ name: 'vm1', netns }, 3)
    expect(tap.queues).toHaveLength(3)
    expect(tap.offloads).not.toBe(0)
    expect(tap.info()).toMatchObject({ name: 'vm1', mtu: 1400, carrier: true })
    expect(loadNative().tapVnetHeaderSize(tap.queues[0]?.fd ?? -1)).toBe(12)
    const [during] = details()
    expect(during).toMatchObject({ linkinfo: { info_data: { numqueues: 3 } } })
    tap.close()
    expect(details()).toMatchObject([
      { mtu: 1400, linkinfo: { info_data: { numqueues: 0, persist: true } } },
    ])
  })

  test('puts header size back for the next program', () => {
    const netns = quietNamespace()
    ip('-n', netns, 'tuntap', 'add', 'vm1', 'mode', 'tap')
    attach({ name: 'vm1', netns }).close()
    const native = loadNative()
    const { fd: namespaceFd } = native.namespaceOpen(`/run/netns/${netns}`)
    const { fd } = native.tapOpen('vm1', 0x5002, namespaceFd)
    expect(native.tapVnetHeaderSize(fd)).toBe(10)
    native.close(fd)
    native.close(namespaceFd)
  })

  test('gives one queue where the TAP has one', () => {
    const netns = quietNamespace()
    ip('-n', netns, 'tuntap', 'add', 'vm1', 'mode', 'tap')
    expect(attach({ name: 'vm1', netns }, 4).queues).toHaveLength(1)
  })

  test('can be done again', () => {
    const netns = quietNamespace()
    ip('-n', netns, 'tuntap', 'add', 'vm1', 'mode', 'tap', 'multi_queue')
    for (let i = 0; i < 3; i++) attach({ name: 'vm1', netns }).close()
    expect(names(netns)).toEqual(['lo', 'vm1'])
  })
})

describe('attaching is refused', () => {
  function refused(options: Omit<TapOptions, 'create'>) {
    try {
      attach(options)
    } catch (error) {
      return error as Error & { code: string }
    }
    throw new Error('nothing was refused')
  }

  test('where there is no such interface, and makes none', () => {
    const netns = namespace()
    const error = refused({ name: 'vm1', netns })
    expect(error.code).toBe('ENOENT')
    expect(error.message).toContain(`cannot attach to TAP 'vm1' in namespace '${netns}'`)
    expect(names(netns)).toEqual(['lo'])
  })

  test('when it is no TAP', () => {
    const netns = namespace()
    ip('-n', netns, 'link', 'add', 'br0', 'type', 'bridge')
    ip('-n', netns, 'tuntap', 'add', 'tun0', 'mode', 'tun')
    expect(refused({ name: 'br0', netns }).message).toContain('it is no TAP but bridge')
    expect(refused({ name: 'tun0', netns }).message).toContain('it is no TAP but tun')
    expect(refused({ name: 'lo', netns }).code).toBe('EINVAL')
  })

  test.each([
    ['one queue', []],
    ['many queues', ['multi_queue']],
  ])('when another has it open: %s', (_, mode) => {
    const netns = quietNamespace()
    ip('-n', netns, 'tuntap', 'add', 'vm1', 'mode', 'tap', ...mode)
    const first = attach({ name: 'vm1', netns })
    const error = refused({ name: 'vm1', netns })
    expect(error.code).toBe('EBUSY')
    expect(error.message).toContain('another program has')
    // The first one is none the worse.
    expect(loadNative().tapVnetHeaderSize(first.queues[0]?.fd ?? -1)).toBe(12)
  })

  test('with settings that it would change', () => {
    const error = refused({ name: 'vm1', netns: namespace(), mtu: 1400, addresses: [] })
    expect(error.code).toBe('EINVAL')
    expect(error.message).toContain('mtu, addresses cannot be set')
  })
})
