/** `linkspan generate` between interfaces of the kernel. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { pcapHeader, pcapRecord } from '../../src/packet/capture/pcap-writer.js'
import { readCapture } from '../../src/packet/capture/reader.js'
import { dissect } from '../../src/packet/dissect/dissect.js'
import { concat } from '../support/capture.js'
import { type Generated, generate, pair, whole } from '../support/generate.js'
import { lab, two } from '../support/lab.js'
import { command, configFile, directory, linkspan, up } from '../support/linkspan.js'
import { ip, namespace, uniqueName, within } from '../support/netns.js'
import { start } from '../support/process.js'
import { until } from '../support/until.js'

/** Where Debian's packages of Python are. */
const PYTHON = '/usr/bin/python3'
const UDP4 = ['udp', '10.77.0.1:40000', '10.77.0.2:5000']
const UDP6 = ['udp', '[fd77::1]:40000', '[fd77::2]:5000']

/** A run without fault, of so many frames. */
function expectWhole({ status, stderr, report }: Generated, frames: number): void {
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  expect(report).toMatchObject({ end: 'count', error: null, sender: { frames } })
  expect(report.receiver).toMatchObject(whole(frames))
}

describe('over a veth, all frames arrive as they were sent:', () => {
  const count = 3000
  test.each([
    ['UDP over IPv4, by ARP', UDP4],
    ['UDP over IPv6, by neighbour discovery', UDP6],
    ['TCP', ['tcp', '10.77.0.1:40000', '10.77.0.2:5000']],
    ['ICMP', ['icmp', '10.77.0.1', '10.77.0.2']],
    ['ICMPv6', ['icmp', 'fd77::1', 'fd77::2']],
    ['Ethernet', ['ethernet']],
  ])('%s, of many flows and sizes', async (_, flow) => {
    const { a, b } = pair()
    const ends = ['--to', `${a}/eth0`, '--from', `${b}/eth0`]
    const load = ['--flows', '70', '--macs', '9', '--size', '120,106,1514,107,301,110']
    const run = await generate(...flow, ...ends, ...load, '--rate', '20k', '--count', `${count}`)
    expectWhole(run, count)
    const { latency } = run.report.receiver ?? {}
    expect(latency?.min).toBeGreaterThan(0)
    expect(latency?.p50).toBeLessThanOrEqual(latency?.max ?? 0)
  })

  test('with VLAN tags', async () => {
    const { a, b, mac } = pair()
    const tags = ['--vlan', '100,10', '--priority', '3', '--destination-mac', mac]
    const ends = ['--to', `${a}/eth0`, '--from', `${b}/eth0`]
    expectWhole(await generate(...UDP4, ...tags, ...ends, '--rate', '20k', '--count', '500'), 500)
  })

  test('in bursts, by a router, and of two threads as fast as can be', async () => {
    const { a, b } = pair()
    const ends = ['--to', `${a}/eth0`, '--from', `${b}/eth0`]
    const bursts = ['--burst', '50', '--every', '2ms', '--via', '10.77.0.2', '--count', '1000']
    expectWhole(await generate('udp', '10.77.0.1:1', '192.0.2.1:2', ...bursts, ...ends), 1000)
    const fast = ['--rate', 'max', '--flows', '100', '--threads', '2', '--count', '20001']
    expectWhole(await generate(...UDP4, ...fast, ...ends), 20_001)
  })

  test('and tcpdump sees right checksums, tags and sizes', async () => {
    const { a, b, mac } = pair()
    const file = join(directory(), 'seen.pcap')
    const dump = start(within(b, 'tcpdump', '-U', '-Q', 'in', '-w', file, '-i', 'eth0', 'vlan'))
    await dump.prints('listening on')
    const load = [
      '--vlan',
      '7',
      '--flows',
      '3',
      '--size',
      '78,1000',
      '--count',
      '10',
      '--rate',
      '1k',
    ]
    await generate(...UDP4, '--to', `${a}/eth0`, '--destination-mac', mac, ...load)
    await until('tcpdump to have written all', async () => {
      return readCapture(readFileSync(file)).packets.length === 10
    })
    for (const { frame } of readCapture(readFileSync(file)).packets) {
      const fields = Object.assign(
        {},
        ...dissect(frame).map(({ layer, fields }) => ({ [layer]: fields })),
      )
      expect(fields.vlan).toMatchObject({ vid: 7 })
      expect(fields.udp).toMatchObject({ checksumState: 'right', destinationPort: 5000 })
      expect(fields.ipv4).toMatchObject({ checksumState: 'right' })
      expect([78, 1000]).toContain(frame.length)
    }
  })
})

test('through a running switch: exact counts, no fault', async () => {
  const { stations, config } = lab(2)
  const [one, other] = two(stations)
  const running = await up(config)
  const ends = ['--to', `${one.netns}/eth0`, '--from', `${other.netns}/eth0`]
  const load = ['--rate', '5k', '--count', '5000', '--flows', '20', '--size', 'imix']
  for (const [from, to] of [
    [`${one.ip4}:40000`, `${other.ip4}:5000`],
    [`[${one.ip6}]:40000`, `[${other.ip6}]:5000`],
  ]) {
    expectWhole(await generate('udp', `${from}`, `${to}`, ...ends, ...load), 5000)
  }
  expectWhole(await generate('ethernet', ...ends, ...load), 5000)
  const { rx } = await running.port('a')
  expect(rx.frames).toBeGreaterThanOrEqual(15_000)
})

test('from a TAP into the kernel, and from the kernel into a TAP', async () => {
  const netns = namespace(uniqueName(), { ipv6: false })
  const out = ['--to', `tap:${netns}/t0`, '--from', `${netns}/t0`]
  expectWhole(await generate('ethernet', ...out, '--count', '2000', '--rate', '20k'), 2000)
  const back = ['--to', `${netns}/t0`, '--from', `tap:${netns}/t0`]
  expectWhole(await generate('ethernet', ...back, '--count', '2000', '--rate', '20k'), 2000)
  expect(ip('-n', netns, 'link')).not.toContain('t0')
})

/** Forwards, with faults by the number of the frame: see the test. */
const FAULTY = `
import socket, sys
def opened(name):
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    s.bind((name, 0))
    s.setsockopt(263, 23, 1)
    return s
i, o = opened('in'), opened('out')
print('forwarding', flush=True)
n, held = 0, None
while True:
    f = i.recv(2000)
    if f[12:14] != bytes([0x88, 0xb5]) or f[14:18] != b'LSGN':
        continue
    k = n % 10
    n += 1
    if k == 0:
        continue
    if k == 5:
        held = f
        continue
    if k == 8:
        f = f[:-1] + bytes([f[-1] ^ 1])
    o.send(f)
    if k == 3:
        o.send(f)
    if k == 7:
        o.send(held)
`

test('faults on the way are counted: loss, duplicates, damage, reordering and its extent', async () => {
  const [a, b, between] = [0, 1, 2].map(() => namespace(uniqueName(), { ipv6: false })) as [
    string,
    string,
    string,
  ]
  for (const [netns, name] of [
    [a, 'in'],
    [b, 'out'],
  ] as const) {
    ip('-n', netns, 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', name, 'netns', between)
    ip('-n', netns, 'link', 'set', 'eth0', 'up')
    ip('-n', between, 'link', 'set', name, 'up')
  }
  const program = start(within(between, PYTHON, '-u', '-c', FAULTY))
  await program.prints('forwarding')
  const ends = ['--to', `${a}/eth0`, '--from', `${b}/eth0`]
  const load = ['--size', '100', '--rate', '2k', '--count', '1000', '--fail-on', 'loss,reordering']
  const { status, stderr, report } = await generate('ethernet', ...ends, ...load)
  expect(status).toBe(1)
  expect(stderr).toBe('linkspan: there was loss and reordering\n')
  // Those that were damaged count as lost as well. A held frame was overtaken by two.
  expect(report.receiver).toMatchObject({
    ...{ frames: 800, lost: 200, duplicates: 100, reordered: 100, corrupted: 100, tooLate: 0 },
    reorderingExtent: { min: 2, max: 2, mean: 2 },
    flowsWithLoss: 1,
  })
})

describe('a capture file', () => {
  const packets = [60, 100, 1514].map((length) => new Uint8Array(length).fill(length & 0xff))
  const file = () => {
    const path = join(directory(), 'in.pcap')
    const records = packets.map((frame, at) =>
      pcapRecord(frame, 1_700_000_000_000_000_000n + BigInt(at) * 20_000_000n),
    )
    writeFileSync(path, concat(pcapHeader(), ...records))
    return path
  }

  test('is sent once, as it is; over and over with --loop', async () => {
    const { a, b } = pair({ ipv6: false })
    const ends = ['--to', `${a}/eth0`, '--from', `${b}/eth0`]
    const once = await generate('--pcap', file(), '--timing', 'file', ...ends)
    expect(once.report).toMatchObject({
      ...{ stream: null, end: 'file' },
      sender: { frames: 3, octets: 1674, seconds: expect.any(Number) },
      receiver: { frames: 3, octets: 1674, lost: 0, duplicates: null, latency: null },
    })
    expect(once.report.sender.seconds).toBeGreaterThanOrEqual(0.04)
    const again = await generate(
      '--pcap',
      file(),
      '--loop',
      '--count',
      '100',
      '--rate',
      '10k',
      ...ends,
    )
    expect(again.report).toMatchObject({
      end: 'count',
      sender: { frames: 100, octets: 33 * 1674 + 60 },
    })
  })

  test('that is garbage is told, with the place', async () => {
    const path = join(directory(), 'garbage.pcap')
    writeFileSync(path, Buffer.alloc(200, 'x'))
    const { status, stderr } = await linkspan('generate', '--pcap', path, '--to', 'lo')
    expect(status).toBe(1)
    expect(stderr).toBe(
      `linkspan: ${path}: octet 0: begins with 0x78787878; expected a pcap or pcapng file\n`,
    )
  })
})

describe('in a process', () => {
  const memory = (name: string) => [name, { bridge: 'lan', device: { type: 'memory' } }] as const
  const config = () =>
    configFile({
      version: 1,
      bridges: { lan: {} },
      ports: Object.fromEntries(['a', 'b', 'c'].map(memory)),
    })

  test('frames go through a switch of their own, without privilege', async () => {
    const ends = ['--config', config(), '--in', 'a', '--out', 'b']
    expectWhole(await generate('ethernet', ...ends, '--count', '20000', '--flows', '5'), 20_000)
    const paced = await generate(...UDP6, ...ends, '--count', '500', '--rate', '5k', '--vlan', '5')
    expectWhole(paced, 500)
  })

  test('a port that is none is told, with those there are', async () => {
    const { status, stderr } = await linkspan(
      'generate',
      'ethernet',
      '--config',
      config(),
      '--in',
      'x',
    )
    expect([status, stderr]).toEqual([
      1,
      'linkspan: --in x: the config has the ports "a", "b", "c"\n',
    ])
  })
})

describe('what cannot be done is told in a line', () => {
  const fails = async (...words: string[]) => {
    const { status, stdout, stderr } = await linkspan('generate', ...words)
    expect(stdout).toBe('')
    expect(stderr.trim().split('\n')).toHaveLength(1)
    return `${status} ${stderr}`
  }

  test('wrong usage', async () => {
    expect(await fails('--to', 'lo')).toMatch(
      /^2 .*generate needs a flow .*--hex or --pcap, one of them/,
    )
    expect(await fails('ethernet')).toMatch(/^2 .*generate needs --to: an interface such as eth0/)
    expect(await fails('ethernet', '--to', 'lo')).toMatch(/^2 .*Say --destination-mac/)
    expect(await fails('ethernet', '--to', 'lo', '--burst', '3')).toMatch(/^2 .*--every/)
    expect(await fails('ethernet', '--to', 'lo', '--threads', '2')).toMatch(/^2 .*say --flows/)
    expect(await fails('ethernet', '--to', 'lo', '--timing', 'file')).toMatch(/^2 .*--pcap/)
    expect(await fails('--hex', '00', '--to', 'lo', '--size', '60')).toMatch(
      /^2 .*--size does not go with --hex/,
    )
    expect(await fails('ethernet', '--to', 'lo', '--fail-on', 'loss')).toMatch(/^2 .*--from/)
  })

  test('values that do not fit', async () => {
    expect(await fails(...UDP4, '--to', 'lo', '--rate', '0')).toContain(
      '1 linkspan: found "0"; expected more than 0',
    )
    expect(await fails(...UDP4, '--to', 'lo', '--size', '60')).toContain('takes 74 to 65557')
    expect(await fails(...UDP4, '--to', 'lo', '--count', '0')).toContain('--count 0')
    expect(await fails('arp', '10.0.0.1', '10.0.0.2', '--to', 'lo')).toContain('ARP has no payload')
    expect(await fails('ethernet', '99', '--to', 'lo')).toContain('an EtherType')
    expect(await fails('--hex', '0102', '--to', 'lo')).toContain('--hex of 2 octets')
  })

  test('interfaces that are not there, down, without a carrier, too small, or nobody answers', async () => {
    const { a, b, mac } = pair()
    expect(await fails('ethernet', '--to', `${a}/nope`)).toContain(
      'there is no interface of that name',
    )
    expect(await fails('ethernet', '--to', `${uniqueName()}/eth0`)).toContain('ip netns add')
    expect(await fails('ethernet', '--to', `${a}/lo`)).toContain(`"ip -n ${a} link set lo up"`)
    const at = ['--to', `${a}/eth0`]
    expect(await fails(...UDP4, ...at, '--destination-mac', mac, '--size', '1515')).toContain(
      'which is frames of 1514',
    )
    const unknown = ['udp', '10.77.0.1:1', '10.77.0.99:2', ...at, '--from', `${b}/eth0`]
    expect(await fails(...unknown)).toContain(
      `answers ARP for 10.77.0.99: say --destination-mac (that of ${b}/eth0 is ${mac})`,
    )
    ip('-n', b, 'link', 'set', 'eth0', 'down')
    expect(await fails('ethernet', ...at)).toContain('it has no carrier')
  })

  test('without privilege', async () => {
    const nobody = [
      'setpriv',
      '--reuid',
      '65534',
      '--regid',
      '65534',
      '--clear-groups',
      '--inh-caps',
      '-all,+dac_read_search',
      '--ambient-caps',
      '-all,+dac_read_search',
    ]
    const words = [
      'generate',
      'ethernet',
      '--to',
      'lo',
      '--destination-mac',
      '02:00:00:00:00:01',
      '--count',
      '1',
    ]
    const program = start([
      'unshare',
      '-n',
      'sh',
      '-c',
      'ip link set lo up && exec "$@"',
      'sh',
      ...nobody,
      ...command,
      ...words,
    ])
    const { status, stdout, stderr } = await program.end()
    expect([status, stdout]).toEqual([1, ''])
    expect(stderr).toMatch(
      /^linkspan: cannot send on 'lo' in our own namespace: it takes CAP_NET_RAW.*: run as root/,
    )
  })
})

describe('in the middle of a run', () => {
  const begin = (...words: string[]) => start([...command, 'generate', ...words, '--json'])
  /** Until frames come at an interface. */
  const flows = (netns: string) =>
    until('frames to come', () => {
      const found = /eth0:\s*\d+\s+(\d+)/.exec(ip('netns', 'exec', netns, 'cat', '/proc/net/dev'))
      return Number(found?.[1] ?? 0) > 100
    })

  test.each(['a', 'b'] as const)(
    'an interface is deleted at %s: it reports, and fails',
    async (which) => {
      const { a, b } = pair()
      const program = begin('ethernet', '--to', `${a}/eth0`, '--from', `${b}/eth0`, '--rate', '2k')
      await flows(b)
      ip('-n', which === 'a' ? a : b, 'link', 'del', 'eth0')
      const { status, stdout, stderr } = await program.end()
      expect(status).toBe(1)
      expect(stderr).toMatch(
        /eth0 (took|gave) no more frames \(E\w+\): it was deleted, moved or set down\n$/,
      )
      const report = JSON.parse(stdout)
      expect(report).toMatchObject({ end: 'failed', error: expect.stringContaining('deleted') })
      expect(report.sender.frames).toBeGreaterThan(100)
      expect(report.receiver.frames).toBeGreaterThan(50)
    },
  )

  test('the receiving end is set down: it reports, and fails', async () => {
    const { a, b } = pair()
    const program = begin('ethernet', '--to', `${a}/eth0`, '--from', `${b}/eth0`, '--rate', '2k')
    await flows(b)
    ip('-n', b, 'link', 'set', 'eth0', 'down')
    const { status, stdout } = await program.end()
    expect(status).toBe(1)
    expect(JSON.parse(stdout)).toMatchObject({ end: 'failed' })
  })

  test.each(['SIGINT', 'SIGTERM'] as const)('%s ends it, and it reports', async (signal) => {
    const { a, b } = pair()
    const program = begin(...UDP4, '--to', `${a}/eth0`, '--from', `${b}/eth0`, '--rate', '2k')
    await flows(b)
    program.kill(signal)
    const { status, stdout, stderr } = await program.end()
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    const report = JSON.parse(stdout)
    expect(report.end).toBe('interrupted')
    expect(report.receiver).toMatchObject(whole(report.sender.frames))
  })

  test('of an endless run in a process, too', async () => {
    const ports = { a: { bridge: 'lan', device: { type: 'memory' } } }
    const config = configFile({ version: 1, bridges: { lan: {} }, ports })
    const program = begin('ethernet', '--config', config, '--in', 'a', '--rate', '100')
    await new Promise((resolve) => setTimeout(resolve, 1000))
    program.kill('SIGINT')
    const { status, stdout } = await program.end()
    expect(status).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ end: 'interrupted', receiver: null })
  })
})

test('the report has these fields, in this order, whatever the run', async () => {
  const { a, b } = pair({ ipv6: false })
  const ends = ['--to', `${a}/eth0`, '--from', `${b}/eth0`, '--count', '10']
  const percentiles = ['min', 'mean', 'p50', 'p90', 'p99', 'p999', 'max']
  for (const words of [UDP4, [...UDP4, '--no-stamp']]) {
    const { report } = await generate(...words, ...ends, '--rate', '1k')
    expect(Object.keys(report)).toEqual(['stream', 'end', 'error', 'sender', 'receiver'])
    expect(Object.keys(report.sender)).toEqual([
      ...['interface', 'frames', 'octets', 'seconds', 'framesPerSecond', 'bitsPerSecond'],
      ...['framesPerSecondWanted', 'refused', 'behindSeconds'],
    ])
    expect(Object.keys(report.receiver ?? {})).toEqual([
      ...['interface', 'frames', 'octets', 'seconds', 'framesPerSecond', 'bitsPerSecond', 'lost'],
      ...['lossRatio', 'flowsWithLoss', 'duplicates', 'reordered', 'reorderingExtent', 'tooLate'],
      ...['corrupted', 'foreign', 'kernelDrops', 'latency'],
    ])
    if (words === UDP4) expect(Object.keys(report.receiver?.latency ?? {})).toEqual(percentiles)
  }
})
