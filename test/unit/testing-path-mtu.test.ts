/** What a host of the lab makes of what routers say about a path's MTU (RFC 1191 3, RFC 8201 4). */
import { expect, test } from 'vitest'
import { Timeline } from '../../src/testing/clock/timeline.js'
import { addressOf } from '../../src/testing/host/address.js'
import { header4, header6 } from '../../src/testing/host/header.js'
import { Ip } from '../../src/testing/host/ip.js'

const nothing = () => {}

test.each([
  [header4, '192.0.2.1', 68],
  [header6, '2001:db8::1', 1280],
])('it becomes smaller by what they say, greater by time only', (codec, text, least) => {
  const clock = new Timeline()
  const ip = new Ip(codec, {
    name: 'a',
    clock,
    mac: new Uint8Array(6),
    mtu: 1500,
    buffer: new Uint8Array(2000),
    transmit: nothing,
    solicit: nothing,
    deliver: nothing,
    undelivered: nothing,
  })
  const to = addressOf(text)
  const learnt = (mtu: number) => {
    ip.paths.learn(to.bytes, mtu)
    return ip.paths.to(to.bytes)
  }
  expect([9000, 1400, 1450, 1300, 1400, 9000].map(learnt)).toEqual([
    1500, 1400, 1400, 1300, 1300, 1300,
  ])
  expect([0, 1300].map(learnt)).toEqual([least, least])
  clock.passTo(600_000)
  expect(ip.paths.to(to.bytes)).toBe(1500)
  expect(learnt(1400)).toBe(1400)
})
