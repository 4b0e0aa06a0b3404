/** What is told when the interface of a TAP cannot be changed. */
import { expect, test } from 'vitest'
import { DeviceError } from '../../src/device/error.js'
import type { LinkChange } from '../../src/device/netlink/link.js'
import type { RouteSocket } from '../../src/device/netlink/socket.js'
import { updateTap } from '../../src/device/tap/update.js'

const [before, after] = ['02:00:00:00:00:01', '02:00:00:00:00:02']

/** The error of a change of MAC and MTU on a kernel that refuses some of it; the MAC it leaves. */
function change(refuses: (asked: LinkChange) => string | undefined) {
  let mac = before
  const setLink = (_: number, asked: LinkChange) => {
    const code = refuses(asked)
    if (code) throw new DeviceError(code, code, { errno: -1, syscall: 'RTM_NEWLINK', device: 'x' })
    mac = asked.mac ?? mac
  }
  const tap = { routes: { setLink } as unknown as RouteSocket, interfaceIndex: 7, queue: -1 }
  const of = (own: string, mtu: number) => ({ name: 'eth0', mac: own, mtu })
  try {
    updateTap(tap, of(before, 1500), of(after, 9000))
  } catch (error) {
    return { error: error as Error, mac }
  }
  throw new Error('it was changed')
}

const refusesMtu = ({ mtu }: LinkChange) => (mtu === undefined ? undefined : 'EINVAL')

test('the setting that the kernel refuses is named, and those before it are taken back', () => {
  const { error, mac } = change(({ mtu }) => (mtu === 9000 ? 'EINVAL' : undefined))
  expect(error).toMatchObject({ code: 'EINVAL', syscall: 'RTM_NEWLINK', device: 'eth0' })
  expect(error.message).toMatch(/^cannot set the MTU 9000 of TAP 'eth0'/)
  expect(mac).toBe(before)
})

test('so it is when taking back fails as well, which is told behind it', () => {
  const { error } = change((asked) => (asked.mac === before ? 'EBUSY' : refusesMtu(asked)))
  expect(error).toBeInstanceOf(DeviceError)
  expect(error).toMatchObject({ code: 'EINVAL', syscall: 'RTM_NEWLINK', device: 'eth0' })
  expect(error.message).toMatch(
    /^cannot set the MTU 9000 .*; and not everything could be taken back: cannot set the MAC 02:00:00:00:00:01/,
  )
  expect(error.cause).toMatchObject({ message: expect.stringMatching(/^cannot set the MTU 9000/) })
})
