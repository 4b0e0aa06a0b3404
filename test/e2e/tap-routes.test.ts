import { execFileSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { loadNative } from '../../src/device/native.js'
import { RouteSocket } from '../../src/device/netlink/socket.js'
import { defer, ip, ipJson, namespace } from './native-support.js'

function socketIn(netns: string): RouteSocket {
  const native = loadNative()
  const { fd } = native.namespaceOpen(`/run/netns/${netns}`)
  const socket = RouteSocket.open(fd)
  defer(() => {
    socket.close()
    native.close(fd)
  })
  return socket
}

describe('RouteSocket', () => {
  test('lists and finds links, in its namespace only', () => {
    const netns = namespace()
    ip('-n', netns, 'link', 'add', 'br0', 'mtu', '1400', 'type', 'bridge')
    const socket = socketIn(netns)
    const links = socket.links()
    expect(links.map(({ name }) => name)).toEqual(['lo', 'br0'])
    expect(links[1]).toMatchObject({ kind: 'bridge', mtu: 1400, up: false })
    expect(socket.link('br0')).toEqual(links[1])
    expect(socket.link(links[1]?.index ?? 0)).toEqual(links[1])
    expect(socket.link('nothing')).toBeUndefined()
    expect(socket.link(4711)).toBeUndefined()
  })

  test('lists more links than one datagram holds', () => {
    const netns = namespace()
    const socket = socketIn(netns)
    const input = Array.from({ length: 100 }, (_, i) => `link add br${i} type bridge\n`).join('')
    execFileSync('ip', ['-n', netns, '-batch', '-'], { input })
    expect(socket.links()).toHaveLength(101)
  })

  test('changes, adds and deletes as ip sees it', () => {
    const netns = namespace()
    ip('-n', netns, 'link', 'add', 'br0', 'type', 'bridge')
    const socket = socketIn(netns)
    const { index } = socket.link('br0') ?? { index: 0 }
    socket.setLink(index, { name: 'br1', mac: '02:00:00:00:00:09', mtu: 1300, up: true })
    socket.addAddress(index, '10.0.0.1/24')
    socket.addAddress(index, 'fd00::1/64')
    socket.addRoute({ to: '10.9.0.0/16', via: '10.0.0.2', interfaceIndex: index })
    const [link] = ipJson<object[]>(netns, 'link', 'show', 'br1')
    expect(link).toMatchObject({ address: '02:00:00:00:00:09', mtu: 1300 })
    expect(socket.addresses()).toEqual(
      expect.arrayContaining([
        { interfaceIndex: index, address: '10.0.0.1/24' },
        { interfaceIndex: index, address: 'fd00::1/64' },
      ]),
    )
    expect(socket.routes()).toContainEqual({
      family: 4,
      to: '10.9.0.0/16',
      via: '10.0.0.2',
      interfaceIndex: index,
      table: 254,
    })
    expect(socket.routes()).toContainEqual(expect.objectContaining({ family: 6, to: 'fd00::/64' }))
    socket.deleteLink(index)
    expect(socket.link('br1')).toBeUndefined()
  })

  test('moves and renames in one message', () => {
    const [from, to] = [namespace(), namespace()]
    ip('-n', from, 'tuntap', 'add', 'tap0', 'mode', 'tap')
    const native = loadNative()
    const { fd } = native.namespaceOpen(`/run/netns/${to}`)
    const socket = socketIn(from)
    socket.setLink(socket.link('tap0')?.index ?? 0, { namespaceFd: fd, name: 'eth5', mtu: 1234 })
    native.close(fd)
    expect(socketIn(to).link('eth5')).toMatchObject({ mtu: 1234 })
    expect(socket.link('tap0')).toBeUndefined()
  })

  test('says what failed, of what, in the words of the kernel', () => {
    const socket = socketIn(namespace())
    const { index } = socket.link('lo') ?? { index: 0 }
    const call = { code: 'ENODEV', errno: -19, syscall: 'RTM_NEWLINK', device: 'interface 4711' }
    expect(() => socket.setLink(4711, { up: true })).toThrow(expect.objectContaining(call))
    socket.addAddress(index, '10.0.0.1/24')
    expect(() => socket.addAddress(index, '10.0.0.1/24')).toThrow(
      /^RTM_NEWADDR on '10\.0\.0\.1\/24 at interface 1': EEXIST, /,
    )
    expect(() =>
      socket.addRoute({ to: 'default', via: '192.0.2.1', interfaceIndex: index }),
    ).toThrow(/ENETUNREACH.*\(Nexthop has invalid gateway/)
    // The socket is as good as before.
    expect(socket.link('lo')?.index).toBe(index)
  })
})
