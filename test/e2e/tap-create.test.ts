import { readdirSync, readlinkSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { DeviceError } from '../../src/device/error.js'
import { Offload } from '../../src/device/offload.js'
import { TapDevice, type TapOptions } from '../../src/device/tap.js'
import { InvalidError } from '../../src/error.js'
import { noStrays, strayInterfaces } from '../support/netns.js'
import { defer, ip, ipJson, namespace, runScript, uniqueName } from './native-support.js'

interface LinkJson {
  ifname: string
  address: string
  mtu: number
  flags: string[]
  linkinfo: { info_kind: string; info_data: Record<string, unknown> }
}
interface AddressJson {
  addr_info: { local: string; prefixlen: number; broadcast?: string; tentative?: boolean }[]
}
interface RouteJson {
  dst: string
  gateway?: string
  protocol: string
}

function open(options: TapOptions, queues = 2): TapDevice {
  const tap = TapDevice.open(options, queues)
  defer(() => tap.close())
  return tap
}

/** Descriptors of this process by what they are, to see that an error leaves none. */
function descriptors(): string[] {
  const fds = readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/self/fd/${fd}`)]
    } catch {
      return []
    }
  })
  return fds.filter((target) => /tun|net|socket/.test(target)).sort()
}

describe('creating', () => {
  test('gives it name, MAC, MTU, addresses and routes in its namespace', () => {
    const netns = namespace()
    const tap = open({
      name: 'eth0',
      netns,
      mac: '02:55:00:00:00:02',
      mtu: 1400,
      addresses: ['10.55.0.2/24', 'fd55::2/64'],
      routes: [
        { to: 'default', via: '10.55.0.1' },
        { to: 'default', via: 'fd55::1' },
        { to: '10.99.0.0/16' },
      ],
    })
    const [link] = ipJson<LinkJson[]>(netns, '-d', 'link', 'show', 'eth0')
    expect(link).toMatchObject({ address: '02:55:00:00:00:02', mtu: 1400 })
    expect(link?.flags).toEqual(expect.arrayContaining(['UP', 'LOWER_UP']))
    expect(link?.linkinfo.info_data).toMatchObject({ type: 'tap', multi_queue: true, numqueues: 2 })

    const [addresses] = ipJson<AddressJson[]>(netns, 'address', 'show', 'eth0')
    expect(addresses?.addr_info).toContainEqual(
      expect.objectContaining({ local: '10.55.0.2', prefixlen: 24, broadcast: '10.55.0.255' }),
    )
    const six = addresses?.addr_info.find(({ local }) => local === 'fd55::2')
    expect(six?.prefixlen).toBe(64)
    expect(six?.tentative).toBeUndefined()

    const routes = ipJson<RouteJson[]>(netns, 'route')
    expect(routes).toContainEqual(expect.objectContaining({ dst: 'default', gateway: '10.55.0.1' }))
    expect(routes).toContainEqual(expect.objectContaining({ dst: '10.99.0.0/16' }))
    const routes6 = ipJson<RouteJson[]>(netns, '-6', 'route')
    expect(routes6).toContainEqual(expect.objectContaining({ dst: 'default', gateway: 'fd55::1' }))

    expect(tap.queues).toHaveLength(2)
    expect(tap.info()).toMatchObject({
      index: tap.interfaceIndex,
      name: 'eth0',
      mac: '02:55:00:00:00:02',
      mtu: 1400,
      up: true,
      carrier: true,
      tx: { dropped: 0 },
    })
  })

  test('works in our own namespace, by pid and by path', () => {
    const own = open({ name: uniqueName() }, 1)
    expect(ip('link', 'show', own.name)).toContain('UP')
    const byPid = open({ name: uniqueName(), netns: `pid:${process.pid}` }, 1)
    expect(ip('link', 'show', byPid.name)).toContain('UP')
    const netns = namespace()
    open({ name: 'eth0', netns: `/run/netns/${netns}` }, 1)
    expect(ip('-n', netns, 'link')).toContain('eth0')
  })

  test('offloads are on: all that this kernel has, USO as a pair', () => {
    const tap = open({ name: 'eth0', netns: namespace() }, 1)
    const { CSUM, TSO4, TSO6, ECN, USO } = Offload
    expect(tap.offloads).toBe(CSUM | TSO4 | TSO6 | ECN | USO)
    tap.setOffloads(CSUM)
    expect(tap.offloads).toBe(CSUM)
    expect(tap.probeOffloads()).toBe(CSUM | TSO4 | TSO6 | ECN | USO)
    // TSO without checksums is nothing the kernel knows.
    expect(() => tap.setOffloads(TSO4)).toThrow(expect.objectContaining({ code: 'EINVAL' }))
  })

  test('goes when closed, unless it persists', () => {
    const netns = namespace()
    const tap = open({ name: 'eth0', netns })
    tap.close()
    tap.close()
    expect(ip('-n', netns, 'link')).not.toContain('eth0')
    open({ name: 'eth1', netns, persist: true, owner: 'nobody', group: 0 }).close()
    const [link] = ipJson<LinkJson[]>(netns, '-d', 'link', 'show', 'eth1')
    expect(link?.linkinfo.info_data).toMatchObject({ persist: true, user: 'nobody', group: 'root' })
  })

  test('many in one namespace share one socket and one descriptor of it', () => {
    const netns = namespace()
    const before = descriptors().length
    const taps = Array.from({ length: 20 }, (_, i) => open({ name: `p${i}`, netns }, 1))
    expect(descriptors()).toHaveLength(before + 20 + 2)
    for (const tap of taps) tap.close()
    expect(descriptors()).toHaveLength(before)
  })

  test('many are closed at once, and only those that are ours', () => {
    const [netns, other] = [namespace(), namespace()]
    ip('-n', other, 'tuntap', 'add', 'vm1', 'mode', 'tap', 'multi_queue')
    const before = descriptors()
    const taps = Array.from({ length: 5 }, (_, i) => open({ name: `p${i}`, netns }, 1))
    taps.push(open({ name: 'eth0', netns: other }, 1))
    taps.push(open({ name: 'eth1', netns: other, persist: true }, 1))
    taps.push(open({ name: 'vm1', netns: other, create: false }, 1))
    ip('-n', netns, 'link', 'del', 'p3')
    TapDevice.closeAll(taps)
    TapDevice.closeAll(taps)
    const names = (where: string) => ipJson<LinkJson[]>(where, 'link').map((link) => link.ifname)
    expect(names(netns)).toEqual(['lo'])
    expect(names(other).sort()).toEqual(['eth1', 'lo', 'vm1'])
    expect(descriptors()).toEqual(before)
  })
})

describe('an error', async () => {
  async function refused(options: TapOptions, queues = 2): Promise<DeviceError> {
    const before = descriptors()
    const strays = strayInterfaces()
    try {
      TapDevice.open(options, queues).close()
    } catch (error) {
      expect(descriptors()).toEqual(before)
      await noStrays(strays)
      if (error instanceof DeviceError) return error
      throw error
    }
    throw new Error('nothing was refused')
  }

  test('names an interface that exists already, and its namespace', async () => {
    const netns = namespace()
    ip('-n', netns, 'link', 'add', 'eth0', 'type', 'bridge')
    const error = await refused({ name: 'eth0', netns })
    expect(error).toMatchObject({ code: 'EEXIST', errno: -17, syscall: 'RTM_NEWLINK' })
    expect(error.device).toBe('eth0')
    expect(error.message).toContain(`TAP 'eth0' in namespace '${netns}'`)
    expect(error.message).toContain('an interface named eth0 exists there already')
    expect(ipJson<LinkJson[]>(netns, 'link').map(({ ifname }) => ifname)).toEqual(['lo', 'eth0'])
  })

  test.each([
    ['a name', 'nat-missing', '/run/netns/nat-missing'],
    ['a path', '/run/nat/missing', '/run/nat/missing'],
    ['a process', 'pid:99999999', 'no process 99999999'],
  ])('names a namespace that is missing: %s', async (_, netns, said) => {
    const error = await refused({ name: 'eth0', netns })
    expect(error).toMatchObject({ code: 'ENOENT', errno: -2 })
    expect(error.message).toContain(`cannot open namespace '${netns}'`)
    expect(error.message).toContain(said)
  })

  test('says of a file that it is no namespace', async () => {
    expect(await refused({ name: 'eth0', netns: '/etc/passwd' })).toMatchObject({ code: 'EINVAL' })
  })

  test.each([
    ['abcdefghijklmnop', 'ENAMETOOLONG', '16 bytes'],
    ['éééééééé', 'ENAMETOOLONG', '16 bytes'],
    ['', 'EINVAL', 'not empty'],
    ['a b', 'EINVAL', 'no space'],
    ['a/b', 'EINVAL', 'no space'],
    ['eth%d', 'EINVAL', 'no space'],
    ['..', 'EINVAL', 'not empty'],
  ])('refuses the name %j', async (name, code, said) => {
    const error = await refused({ name })
    expect(error.code).toBe(code)
    expect(error.message).toContain(said)
  })

  test.each([
    [{ mac: '01:00:5e:00:00:01' }, 'EADDRNOTAVAIL', 'set the MAC 01:00:5e:00:00:01 of'],
    [{ mtu: 70_000 }, 'EINVAL', 'set the MTU 70000 of'],
    [{ addresses: ['10.0.0.1/24', '10.0.0.1/24'] }, 'EEXIST', 'add 10.0.0.1/24 to'],
    [
      { routes: [{ to: 'default', via: '192.0.2.1' }] },
      'ENETUNREACH',
      'add the route default via 192.0.2.1 to',
    ],
  ])('names the step that failed, and undoes the others: %j', async (options, code, step) => {
    const netns = namespace()
    const error = await refused({ name: 'eth0', netns, ...options })
    expect(error.code).toBe(code)
    expect(error.message).toContain(`cannot ${step} TAP 'eth0' in namespace '${netns}'`)
    expect(ipJson<LinkJson[]>(netns, 'link').map(({ ifname }) => ifname)).toEqual(['lo'])
  })

  test('leaves nothing of a device that was to persist', async () => {
    const netns = namespace()
    await refused({ name: 'eth0', netns, persist: true, mtu: 70_000 })
    expect(ip('-n', netns, 'link')).not.toContain('eth0')
  })

  test.each([
    [{ addresses: ['10.0.0.1'] }],
    [{ addresses: ['fd00::1/129'] }],
    [{ mac: 'nonsense' }],
    [{ routes: [{ to: '10.0.0.0' }] }],
    [{ owner: 'nobody-of-this-name' }],
    [{ netns: 'pid:x' }],
  ])('is told of wrong text before anything is made: %j', (options) => {
    expect(() => TapDevice.open({ name: 'eth0', ...options }, 1)).toThrow(InvalidError)
  })

  test('refuses a number of queues that no TAP has', async () => {
    expect((await refused({ name: 'eth0' }, 257)).code).toBe('E2BIG')
    expect((await refused({ name: 'eth0' }, 0)).code).toBe('E2BIG')
  })

  const script = (netns?: string) => `
    import { loadNative } from './device/native.js'
    import { TapDevice } from './device/tap.js'
    loadNative()
    if (process.env.LINKSPAN_USER) process.setuid(Number(process.env.LINKSPAN_USER))
    try { TapDevice.open({ name: 'natnone', netns: ${JSON.stringify(netns)} }, 1) }
    catch ({ name, code, message }) { console.log(JSON.stringify({ name, code, message })) }`

  test.each([
    ['net_admin', 'ioctl(TUNSETIFF)', 'CAP_NET_ADMIN'],
    ['sys_admin', 'setns', 'CAP_SYS_ADMIN'],
  ])('says what privilege it takes: without %s', (capability, syscall, said) => {
    const without = ['setpriv', '--bounding-set', `-${capability}`]
    const error = JSON.parse(runScript(script(namespace()), ...without).stdout)
    expect(error).toMatchObject({ name: 'DeviceError', code: 'EPERM' })
    expect(error.message).toContain(syscall)
    expect(error.message).toContain(said)
  })

  test('says that /dev/net/tun may not be opened', () => {
    const closed = 'mount -t tmpfs none /dev/net && touch /dev/net/tun && exec "$@"'
    const command = ['env', 'LINKSPAN_USER=65534', 'unshare', '-m', 'sh', '-c', closed, 'sh']
    const error = JSON.parse(runScript(script(), ...command).stdout)
    expect(error).toMatchObject({ name: 'DeviceError', code: 'EACCES' })
    expect(error.message).toContain('/dev/net/tun may not be opened')
  })

  test('says that there is no /dev/net/tun', () => {
    const hidden = 'mount -t tmpfs none /dev/net && exec "$@"'
    const { stdout } = runScript(script(), 'unshare', '-m', 'sh', '-c', hidden, 'sh')
    const error = JSON.parse(stdout)
    expect(error).toMatchObject({ name: 'DeviceError', code: 'ENOENT' })
    expect(error.message).toContain('there is no /dev/net/tun')
  })
})
