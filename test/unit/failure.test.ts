import { constants } from 'node:os'
import { describe, expect, test } from 'vitest'
import { drops } from '../../src/dataplane/generated/drops.js'
import { failureReason } from '../../src/worker/failure.js'

const { EAGAIN, ECONNREFUSED, EHOSTUNREACH, EINVAL, EMSGSIZE, ENETUNREACH, ENOBUFS, ENODEV } =
  constants.errno
const nameOf = (wanted: number) => drops.find(({ code }) => code === wanted)?.name

describe('what a failed write counts as', () => {
  test.each([
    [EAGAIN, 'device-full', 'device-full'],
    [ENOBUFS, 'device-full', 'device-full'],
    [ENODEV, 'device-down', 'device-down'],
    [EINVAL, 'device-refused', 'device-refused'],
    [EMSGSIZE, 'device-refused', 'underlay-too-big'],
    [ECONNREFUSED, 'device-down', 'underlay-unreachable'],
    [EHOSTUNREACH, 'device-refused', 'underlay-unreachable'],
    [ENETUNREACH, 'device-refused', 'underlay-unreachable'],
  ])('errno %i: %s, of the underlay %s', (errno, device, underlay) => {
    expect(nameOf(failureReason(errno))).toBe(device)
    expect(nameOf(failureReason(errno, true))).toBe(underlay)
  })
})
