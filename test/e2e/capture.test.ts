/** `linkspan capture`: what is captured, how it ends, and what a slow client costs. */
import { existsSync, readFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { type ConfigInput, type RunningSwitch, startSwitch } from 'linkspan/node'
import { describe, expect, test } from 'vitest'
import { Capture } from '../../src/control/capture.js'
import type { FeedHost } from '../../src/control/feed.js'
import { readCapture } from '../../src/packet/capture/reader.js'
import { defer } from '../support/cleanup.js'
import { lab, two } from '../support/lab.js'
import { command, directory, type Linkspan, up } from '../support/linkspan.js'
import { ping } from '../support/netns.js'
import { run, start } from '../support/process.js'
import { until } from '../support/until.js'

async function running(change: (ports: Record<string, object>) => object = (ports) => ports) {
  const { stations, config } = lab(2, { ipv6: false })
  const [a, b] = two(stations)
  const ports = change(config.ports as Record<string, object>)
  return { a, b, linkspan: await up({ ...config, ports }) }
}

/** A capture into a file, once it is under way. */
async function capturing(linkspan: Linkspan, ...words: string[]) {
  const file = join(directory(), 'out.pcapng')
  const program = start([...command, 'capture', '--socket', linkspan.socket, '-w', file, ...words])
  await until('the capture to begin', () => existsSync(file) && readFileSync(file).length > 0)
  return {
    program,
    packets: () => readCapture(readFileSync(file)).packets,
    places: () => {
      const { packets } = readCapture(readFileSync(file))
      return new Set(packets.map((one) => `${one.interface.name} ${one.direction}`))
    },
    file,
  }
}

/** How many frames are ICMP echo requests. */
const requests = (packets: readonly { readonly frame: Uint8Array }[]) =>
  packets.filter(
    ({ frame }) => frame[12] === 8 && frame[13] === 0 && frame[23] === 1 && frame[34] === 8,
  ).length

describe('a capture', () => {
  test('into a file is read by tcpdump, and ends by a signal', async () => {
    const { a, b, linkspan } = await running()
    const { program, packets, places, file } = await capturing(linkspan)
    await ping(a.netns, b.ip4)
    await until('the frames', () => requests(packets()) === 6)
    expect(places().size).toBe(4)
    program.kill('SIGINT')
    expect(await program.end()).toMatchObject({ status: 0, stderr: '' })
    const { stdout, status } = await run(['tcpdump', '-nnr', file])
    expect(status).toBe(0)
    expect(stdout.match(/ICMP echo request/g)).toHaveLength(6)
  })

  test('to standard output goes into tcpdump, and ends after --count', async () => {
    const { a, b, linkspan } = await running()
    const words = `${command.join(' ')} capture --socket ${linkspan.socket} --address ${b.ip4} --count 4 -w -`
    const program = start(['bash', '-o', 'pipefail', '-c', `${words} | tcpdump -l -nnr -`])
    await until('the capture to run', async () => {
      await ping(a.netns, b.ip4, '-c', '1')
      return !program.running
    })
    const { stdout, status } = await program.end()
    expect(status).toBe(0)
    expect(stdout.trim().split('\n')).toHaveLength(4)
  })

  test.each([
    [
      ['--port', 'a'],
      ['a receive', 'a transmit'],
    ],
    [
      ['--direction', 'receive'],
      ['a receive', 'b receive'],
    ],
    [['--port', 'b', '--direction', 'transmit'], ['b transmit']],
    [
      ['--mac', '02:e2:e0:00:00:01', '--port', 'a'],
      ['a receive', 'a transmit'],
    ],
    [
      ['--ethertype', '0x0800', '--port', 'a'],
      ['a receive', 'a transmit'],
    ],
    [
      ['--address', '10.77.0.0/24', '--port', 'b'],
      ['b receive', 'b transmit'],
    ],
  ])('keeps what its filter says: %s', async (words, expected) => {
    const { a, b, linkspan } = await running()
    const { places } = await capturing(linkspan, ...words)
    const nothing = await capturing(linkspan, ...words, '--vlan', '7')
    await ping(a.netns, b.ip4)
    await until(`${expected}`, () => places().size >= expected.length)
    expect([...places()].sort()).toEqual(expected)
    expect(nothing.packets()).toEqual([])
  })

  test('of a VLAN has the untagged frames of an access port', async () => {
    const { stations, config } = lab(2, { ipv6: false })
    const [a, b] = two(stations)
    const { a: first, b: second } = config.ports as Record<string, object>
    const linkspan = await up({
      ...config,
      bridges: { lan: { vlanAware: true } },
      ports: { a: { ...first, vlan: { access: 10 } }, b: { ...second, vlan: { access: 10 } } },
    })
    const { places } = await capturing(linkspan, '--vlan', '10')
    const other = await capturing(linkspan, '--vlan', '1')
    await ping(a.netns, b.ip4)
    await until('the frames', () => places().size === 4)
    expect(other.packets()).toEqual([])
  })

  test('of what is dropped says why', async () => {
    const guard = { macs: ['02:00:00:00:00:99'], addresses: ['10.77.0.1'] }
    const { a, b, linkspan } = await running((ports) => ({ ...ports, a: { ...ports.a, guard } }))
    const { packets } = await capturing(linkspan, '--dropped', '--snaplen', '20')
    await ping(a.netns, b.ip4, '-c', '1', '-W', '1')
    const [packet] = await until('a frame', () => (packets().length > 0 ? packets() : undefined))
    expect(packet?.comments).toEqual([
      'dropped (guard-mac): the source MAC is not one that is bound to the port',
    ])
    expect([packet?.frame.length, packet?.originalLength]).toEqual([20, 42])
  })

  test('ends after --duration, and with the switch, which it says', async () => {
    const { linkspan } = await running()
    const short = await linkspan.run('capture', '--duration', '100ms')
    expect(short).toMatchObject({ status: 0, stdout: '', stderr: '' })
    const { program } = await capturing(linkspan)
    await linkspan.stop()
    const { status, stderr } = await program.end()
    expect([status, stderr]).toEqual([
      1,
      'linkspan: the switch has ended, and the capture with it\n',
    ])
  })

  test('that cannot be is an error, and no file', async () => {
    const { linkspan } = await running()
    const wrong: [string[], RegExp][] = [
      [['--port', 'x'], /there is no port "x"; there is a, b/],
      [['--mac', 'x'], /mac/],
      [['--vlan', '0'], /1 to 4094/],
      [['--snaplen', '3'], /snapLength/],
      [['--dropped', '--direction', 'transmit'], /on their way in/],
      [['-w', '/no/such/file'], /cannot write \/no\/such\/file/],
    ]
    for (const [words, says] of wrong) {
      const { status, stderr } = await linkspan.run('capture', ...words)
      expect([status, stderr.trim().split('\n').length]).toEqual([1, 1])
      expect(stderr).toMatch(says)
    }
  })
})

/** Opens captures without a command for each. @returns what ends it, and the answer's status */
function opened(socket: string): Promise<{ status: number | undefined; end: () => void }> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json' }
    const sent = request(
      { socketPath: socket, method: 'POST', path: '/v1/capture', headers },
      (response) => {
        response.on('error', () => {})
        response.resume()
        resolve({ status: response.statusCode, end: () => response.destroy() })
      },
    )
    sent.on('error', reject)
    sent.end('{}')
  })
}

test('32 captures run at once, the 33rd is refused, and those that are killed make room', async () => {
  const { linkspan } = await running()
  const { program } = await capturing(linkspan)
  const others = await Promise.all(Array.from({ length: 31 }, () => opened(linkspan.socket)))
  expect(new Set(others.map(({ status }) => status))).toEqual(new Set([200]))
  const { status, stderr } = await linkspan.run('capture')
  expect([status, stderr]).toEqual([
    1,
    'linkspan: 32 captures and mirrors to a file run already: end one of them first\n',
  ])
  program.kill('SIGKILL')
  await until('a free place', async () => {
    const one = await opened(linkspan.socket)
    one.end()
    return one.status === 200
  })
  for (const { end } of others) end()
})

async function started(config: unknown): Promise<RunningSwitch> {
  const switched = await startSwitch(config as ConfigInput)
  defer(() => switched.close())
  return switched
}

test('a client that does not read loses frames, which the file counts; nothing is left of it', async () => {
  const { stations, config } = lab(2, { ipv6: false })
  const [a, b] = two(stations)
  const host = await started(config)
  const written: Uint8Array[] = []
  let read = () => {}
  const capture = new Capture(host as unknown as FeedHost, {})
  capture.begin({
    write: (octets) => {
      written.push(octets.slice())
      return new Promise((resolve) => {
        read = resolve
      })
    },
    end: () => {},
  })
  // 12 MB of it, twice for each port: more than may wait.
  const flood = () => ping(a.netns, b.ip4, '-s', '60000', '-M', 'dont', '-i', '0.002', '-c', '60')
  const size = () => written.reduce((sum, { length }) => sum + length, 0)
  expect((await flood()).received).toBeGreaterThan(0)
  expect(await ping(a.netns, b.ip4)).toMatchObject({ received: 3 })
  expect(written).toHaveLength(1)
  for (let at = 0; at < 3; at++) {
    read()
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  expect(size()).toBeLessThan((8 << 20) + (1 << 17))
  await ping(a.netns, b.ip4)
  capture.close()
  for (let at = 0; at < 5; at++) {
    read()
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  expect(host.captures.active).toBe(false)
  const file = Buffer.concat(written)
  const ports = [...host.ports.values()].map((port) => port.counters())
  const passed = ports.reduce((sum, { rxFrames, txFrames }) => sum + rxFrames + txFrames, 0)
  expect(readCapture(file).packets.length).toBeLessThan(passed)
  // epb_dropcount, of 8 octets.
  expect(file.includes(Buffer.of(4, 0, 8, 0))).toBe(true)
})

test('a command that is killed ends its capture', async () => {
  const { linkspan } = await running()
  const places = await Promise.all(Array.from({ length: 31 }, () => opened(linkspan.socket)))
  for (let round = 0; round < 3; round++) {
    const { program } = await capturing(linkspan)
    program.kill('SIGKILL')
    await program.end()
    const next = await until('its place', async () => {
      const one = await opened(linkspan.socket)
      return one.status === 200 ? one : undefined
    })
    next.end()
    await until('the place to be free again', async () => {
      const one = await opened(linkspan.socket)
      one.end()
      return one.status === 200
    })
  }
  for (const { end } of places) end()
})
