/** What can be set for a connection, and what cannot. */
import { describe, expect, test } from 'vitest'
import { tcpSettings } from '../../src/testing/tcp/settings.js'
import type { ConnectOptions } from '../../src/testing/tcp/stack.js'
import { caught } from '../support/errors.js'
import { pair } from '../support/tcp-lab.js'
import { TcpPeer } from '../support/tcp-peer.js'

const invalid = (message: RegExp) =>
  expect.objectContaining({ code: 'INVALID', message: expect.stringMatching(message) })
const times = [
  ...['delayedAck', 'minimumTimeout', 'maximumTimeout'],
  ...['userTimeout', 'stallTimeout', 'keepAlive', 'msl'],
]

describe.each(times)('%s', (name) => {
  test.each([Number.POSITIVE_INFINITY, Number.NaN, -1, '5', null])('is not %s', (value) => {
    expect(() => tcpSettings([], { [name]: value })).toThrow(
      invalid(new RegExp(`^TCP option ${name}: found .+; expected \\d+ to \\d+$`)),
    )
  })

  test('is a number of milliseconds', () => {
    expect(tcpSettings([], { [name]: 250 })).toMatchObject({ [name]: 250 })
  })
})

test('what is given as undefined is left out', () => {
  expect(tcpSettings([], { msl: undefined, mss: undefined } as object)).toEqual(tcpSettings([]))
})

describe('an option that there is not', () => {
  const wrong = { keepalive: 5 } as ConnectOptions

  test('is named, with those that there are', () => {
    const { stack, remote } = new TcpPeer()
    expect(() => stack.connect(remote, 80, wrong)).toThrow(
      invalid(
        /^TCP option "keepalive" is not known; .*"msl".*"localPort"; did you mean "keepAlive"/,
      ),
    )
    expect(() => stack.listen(80, wrong)).toThrow(invalid(/"mss".*"address" or "backlog"/))
    expect(() => new TcpPeer(wrong).stack.listen(80)).toThrow(invalid(/"keepalive"/))
  })

  test('is refused by hosts, which take all others', async () => {
    const { lab, a, b } = await pair()
    b.listen(80, { address: '10.55.0.3', backlog: 5, noDelay: true }, () => {})
    const options = { localAddress: '10.55.0.2', localPort: 1234, sack: false }
    expect((await a.connect('b', 80, options)).localPort).toBe(1234)
    expect(await caught(a.connect('b', 80, { localport: 5 } as object))).toMatchObject({
      code: 'INVALID',
      message: expect.stringContaining('did you mean "localPort"?'),
    })
    await lab.close()
  })
})
