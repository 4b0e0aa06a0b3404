/** Mirrors to files: whose frames are in them, and what happens to them when the config changes. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { call } from '../../src/cli/client.js'
import { readCapture } from '../../src/packet/capture/reader.js'
import { dissect } from '../../src/packet/dissect/dissect.js'
import { lab, two } from '../support/lab.js'
import { configFile, directory, type Linkspan, startUp, up, upFails } from '../support/linkspan.js'
import { namespace, ping, within } from '../support/netns.js'
import { must, run } from '../support/process.js'
import { until } from '../support/until.js'

const all = { transmitted: 3, received: 3, duplicates: 0 }

/** `a receive`, `b transmit`: a line an echo request in the file, sorted. */
function requests(file: string): string[] {
  return readCapture(readFileSync(file))
    .packets.filter(({ frame }) => dissect(frame).some(({ text }) => text.includes('echo request')))
    .map(({ interface: { name }, direction }) => `${name} ${direction}`)
    .sort()
}

/** Three echo requests, seen there. */
const thrice = (...places: string[]) => places.flatMap((place) => [place, place, place]).sort()

const holds = (file: string, places: string[]) =>
  until(`${places} in ${file}`, () => requests(file).join() === places.join())

function stations() {
  const { stations: made, config } = lab(2, { ipv6: false })
  const [a, b] = two(made)
  return { a, b, config, ports: config.ports as Record<string, object> }
}

const apply = async (running: Linkspan, config: unknown) =>
  await running.do('apply', '-c', configFile(config))

describe('a mirror to a file', () => {
  test.each([
    ['both', thrice('a receive')],
    ['receive', thrice('a receive')],
    ['transmit', []],
  ])('of a port has what passes it: %s', async (direction, expected) => {
    const { a, b, config, ports } = stations()
    const file = join(directory(), 'a.pcapng')
    const mirror = { file, direction }
    const running = await up({ ...config, ports: { ...ports, a: { ...ports.a, mirror } } })
    expect(await ping(a.netns, b.ip4)).toEqual(all)
    // While the switch runs: nothing waits for the end.
    await holds(file, expected)
    const answers = readCapture(readFileSync(file)).packets.filter(
      (one) => one.direction === 'transmit',
    )
    expect(answers.length > 0).toBe(direction !== 'receive')
    await running.stop()
    expect(await must(['tcpdump', '-nnr', file])).toContain('ICMP echo')
  })

  test('of a bridge has what passes its ports, once for each, and no other bridge', async () => {
    const { a, b, config, ports } = stations()
    const other = namespace()
    const file = join(directory(), 'lan.pcapng')
    const sniffer = {
      bridge: 'lan',
      device: { type: 'tap', name: 'sniffer', netns: namespace() },
    }
    const device = { type: 'tap', name: 'x', netns: other, addresses: ['10.9.9.1/24'] }
    const stranger = { bridge: 'two', device }
    const running = await up({
      ...config,
      bridges: { lan: { mirror: { file } }, two: {} },
      ports: { a: { ...ports.a, mirror: { port: 'sniffer' } }, b: ports.b, sniffer, stranger },
    })
    await ping(other, '10.9.9.9', '-W', '1')
    expect(await ping(a.netns, b.ip4)).toEqual(all)
    await holds(file, thrice('a receive', 'b transmit'))
    const { packets, truncated } = readCapture(readFileSync(file))
    expect(new Set(packets.map((one) => one.interface.name))).toEqual(new Set(['a', 'b']))
    expect((await running.stop()).status).toBe(0)
    expect(truncated).toBeUndefined()
  })

  test('has the time of each frame, and checksums that the kernel left to hardware', async () => {
    const { a, b, config, ports } = stations()
    const file = join(directory(), 'a.pcapng')
    const before = BigInt(Date.now()) * 1_000_000n
    await up({ ...config, ports: { ...ports, a: { ...ports.a, mirror: { file } } } })
    await run(within(a.netns, 'bash', '-c', `printf %01000d 7 > /dev/udp/${b.ip4}/9`))
    const udp = () =>
      readCapture(readFileSync(file)).packets.find(({ frame }) =>
        dissect(frame).some(({ layer }) => layer === 'udp'),
      )
    const packet = await until('the datagram', udp)
    const layer = dissect(packet.frame).find((one) => one.layer === 'udp')
    expect(layer?.fields.checksumState).toBe('right')
    const after = BigInt(Date.now() + 1) * 1_000_000n
    expect(packet.time && packet.time >= before - 1_000_000n && packet.time <= after).toBe(true)
  })
})

describe('an apply', () => {
  test('moves a mirror, and what did not change goes on in its file', async () => {
    const { a, b, config, ports } = stations()
    const folder = directory()
    const [first, second, lan] = ['1', '2', 'lan'].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ]
    const bridges = { lan: { mirror: { file: lan, direction: 'receive' } } }
    const mirrored = (mirror: object) => ({
      ...config,
      bridges,
      ports: { a: { ...ports.a, mirror }, b: ports.b },
    })
    const running = await up(mirrored({ file: first, direction: 'receive' }))
    await ping(a.netns, b.ip4)
    await apply(running, mirrored({ file: second, direction: 'receive' }))
    // It is whole: its end is written.
    expect(requests(first)).toEqual(thrice('a receive'))
    await ping(a.netns, b.ip4)
    await holds(second, thrice('a receive'))
    // The same file for another port: goes on behind what is in it.
    await apply(running, {
      ...config,
      bridges,
      ports: { a: ports.a, b: { ...ports.b, mirror: { file: second, direction: 'transmit' } } },
    })
    await ping(a.netns, b.ip4)
    await holds(second, thrice('a receive', 'b transmit'))
    await holds(lan, thrice('a receive', 'a receive', 'a receive'))
    expect(requests(first)).toEqual(thrice('a receive'))
    await apply(running, config)
    await ping(a.netns, b.ip4)
    await running.stop()
    expect(requests(lan)).toHaveLength(9)
  })

  test('of a port that comes mirrors it, and of one that goes ends the file', async () => {
    const { a, b, config, ports } = stations()
    const folder = directory()
    const file = join(folder, 'b.pcapng')
    const running = await up({ ...config, ports: { a: ports.a } })
    const mirror = { file, direction: 'transmit' }
    const body = { name: 'b', port: { ...ports.b, mirror } }
    await call({ socket: running.socket }, 'POST', '/v1/ports', body)
    await ping(a.netns, b.ip4)
    await holds(file, thrice('b transmit'))
    await running.do('port', 'del', 'b')
    expect(requests(file)).toEqual(thrice('b transmit'))
    expect(await must(['tcpdump', '-nnr', file])).toContain('ICMP echo')
  })

  test('whose file cannot be made changes nothing, other files neither', async () => {
    const { a, b, config, ports } = stations()
    const folder = directory()
    const [kept, there, made] = ['kept', 'there', 'made'].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ]
    writeFileSync(there, 'what was there before')
    const mirror = { file: kept, direction: 'receive' }
    const running = await up({ ...config, ports: { ...ports, a: { ...ports.a, mirror } } })
    await ping(a.netns, b.ip4)
    await holds(kept, thrice('a receive'))
    const wrong = configFile({
      ...config,
      bridges: { lan: { mirror: { file: made } }, more: { mirror: { file: there } } },
      ports: { ...ports, a: { ...ports.a, mirror: { file: join(folder, 'no', 'file') } } },
    })
    const { status, stderr } = await running.run('apply', '-c', wrong)
    expect(status).toBe(1)
    expect(stderr).toContain(`cannot write the capture file '${folder}/no/file': there is no such`)
    expect(existsSync(made)).toBe(false)
    expect(readFileSync(there, 'utf8')).toBe('what was there before')
    await ping(a.netns, b.ip4)
    await holds(kept, thrice('a receive', 'a receive'))
  })
})

test('a start whose file cannot be made fails, and leaves nothing', async () => {
  const { a, config, ports } = stations()
  const folder = directory()
  mkdirSync(join(folder, 'folder'))
  const [made, wrong] = [join(folder, 'made'), join(folder, 'folder')]
  const { stderr, status } = await upFails({
    ...config,
    bridges: { lan: { mirror: { file: made } } },
    ports: { ...ports, a: { ...ports.a, mirror: { file: wrong } } },
  })
  expect(status).toBe(1)
  expect(stderr).toContain(`cannot write the capture file '${wrong}': it is a folder`)
  expect(existsSync(made)).toBe(false)
  expect(await must(['ip', '-n', a.netns, 'link'])).not.toContain('eth0')
})

test('a full disk is told once, and the switch goes on', async () => {
  const { a, b, config, ports } = stations()
  const disk = directory()
  const file = join(disk, 'lan.pcapng')
  const mount = `mount -t tmpfs -o size=64k none '${disk}' && exec "$@"`
  const through = ['unshare', '-m', 'sh', '-c', mount, 'sh']
  const running = startUp({ ...config, bridges: { lan: { mirror: { file } } }, ports }, { through })
  await running.program.prints('control socket')
  const told = () =>
    running.program.stderr.split('\n').filter((line) => line.includes('a mirror has ended'))
  await ping(a.netns, b.ip4, '-s', '1400', '-c', '50')
  await until('the event', () => told().length > 0)
  expect(await ping(a.netns, b.ip4, '-s', '1400', '-c', '50')).toMatchObject({ received: 50 })
  expect(told()).toHaveLength(1)
  const [line = '{}'] = told()
  expect(JSON.parse(line)).toMatchObject({ bridge: 'lan', file, level: 'warn' })
  expect(line).toContain('the disk is full')
  expect((await running.stop()).status).toBe(0)
})
