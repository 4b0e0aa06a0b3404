// `linkspan record` of a switch with traffic, and `linkspan replay` of that: the same frames, the same state.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { readCapture } from '../../src/packet/capture/reader.js'
import { lab, type Station, three, two } from '../support/lab.js'
import { command, directory, type Linkspan, linkspan, up } from '../support/linkspan.js'
import { ping } from '../support/netns.js'
import { type Program, start } from '../support/process.js'
import { startScript } from '../support/script.js'
import { startIperf } from '../support/traffic.js'
import { until } from '../support/until.js'

interface Replayed {
  recording: { frames: number; reason: string | null; sameModule: boolean }
  result: { frames: number; identical: boolean; difference: object | null }
  frame?: { port: string; frame: string; outputs: { port: string; frame: string }[] }
}

async function recording(switched: Linkspan, ...words: string[]) {
  const file = join(directory(), 'switch.lsrec')
  const program = start([...command, 'record', file, '--socket', switched.socket, ...words])
  await until('the recording to begin', () => program.stderr.includes('recording into'))
  return { file, program }
}

async function replayed(file: string, ...words: string[]): Promise<Replayed> {
  const { stdout, stderr } = await linkspan('replay', file, '--json', ...words)
  expect(stderr).toBe('')
  return JSON.parse(stdout) as Replayed
}

async function ends(program: Program): Promise<void> {
  program.kill('SIGINT')
  expect(await program.end()).toMatchObject({ status: 0 })
}

/** A TCP stream for a second or two. */
async function stream(a: Station, b: Station): Promise<void> {
  const client = await startIperf(a, b, '-t', '2', '-b', '200M')
  await client.end()
}

describe.each([1, 2])('a recording of a switch with %i workers', (workers) => {
  test('replays to the same frames and the same state', async () => {
    const { stations, config } = lab(3, { ipv6: true })
    const [a, b, c] = three(stations)
    const switched = await up({ ...config, workers })
    await ping(a.netns, b.ip4)
    const { file, program } = await recording(switched)
    await stream(a, b)
    await ping(c.netns, a.ip4)
    await switched.do('port', 'set', 'c', '--isolated', 'on')
    await ping(b.netns, a.ip6)
    await ends(program)
    const { recording: about, result } = await replayed(file)
    expect(result).toMatchObject({ identical: true, difference: null, frames: about.frames })
    expect(about).toMatchObject({ reason: 'stopped', sameModule: true })
    expect(about.frames).toBeGreaterThan(100)
    // The switch goes on, and can be recorded again.
    const again = await recording(switched, '--duration', '1s')
    await ping(a.netns, b.ip4)
    expect(await again.program.end()).toMatchObject({ status: 0 })
    expect((await replayed(again.file)).result.identical).toBe(true)
  })
})

/** A recording of two pings, with its switch. */
async function pinged() {
  const { stations, config } = lab(2, { ipv6: false })
  const [a, b] = two(stations)
  const switched = await up(config)
  const { file, program } = await recording(switched)
  await ping(a.netns, b.ip4, '-c', '2')
  await ends(program)
  return { switched, file, a, b }
}

describe('linkspan replay', () => {
  test('prints frames, writes them as pcapng, and says what becomes of one', async () => {
    const { file } = await pinged()
    const written = join(directory(), 'out.pcapng')
    const { stdout, status } = await linkspan('replay', file, '--print', '-w', written)
    expect(status).toBe(0)
    expect(stdout).toMatch(/^replayed \d+ frames, \d+\.\d+ s: identical$/m)
    const asked = stdout.split('\n').find((line) => / a > .*echo request/.test(line)) ?? ''
    expect(asked).not.toBe('')
    expect(stdout).toMatch(/ b < .*echo request/)
    const { packets } = readCapture(readFileSync(written))
    expect(new Set(packets.map((one) => `${one.interface.name} ${one.direction}`)).size).toBe(4)

    const number = asked.match(/#(\d+)/)?.[1] ?? ''
    const { stdout: one } = await linkspan('replay', file, '--until', number)
    expect(one).toMatch(/a > .*echo request/)
    expect(one).toMatch(/^-> b: .*echo request/m)
  })

  test('refuses what is no recording, is cut, or has no such frame; takes one that is cut if asked to', async () => {
    const { file } = await pinged()
    const other = join(directory(), 'other')
    writeFileSync(other, 'hello')
    expect(await linkspan('replay', other)).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('no recording of linkspan'),
    })
    const whole = readFileSync(file)
    writeFileSync(other, whole.subarray(0, whole.length - 40))
    expect(await linkspan('replay', other)).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('--cut'),
    })
    expect(await linkspan('replay', other, '--cut')).toMatchObject({ status: 0 })
    expect(await linkspan('replay', file, '--until', '9999')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('no such frame'),
    })
    expect(await linkspan('replay', '/nowhere/at/all')).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('/nowhere/at/all'),
    })
  })
})

describe('a recording ends', () => {
  test('one at a time; with the switch it is whole, and says so', async () => {
    const { stations, config } = lab(2, { ipv6: false })
    const [a, b] = two(stations)
    const switched = await up(config)
    const { file, program } = await recording(switched)
    const second = await switched.run('record', join(directory(), 'second'))
    expect(second).toMatchObject({ status: 1, stderr: expect.stringContaining('already') })
    await ping(a.netns, b.ip4)
    await switched.stop()
    await program.end()
    const { recording: about, result } = await replayed(file)
    expect(about.reason).toBe('stopped')
    expect(result.identical).toBe(true)
  })

  test('where workers come', async () => {
    const { stations, config } = lab(2, { ipv6: false })
    const [a, b] = two(stations)
    const roomy = { ...config, capacity: { maxWorkers: 2 } }
    const switched = await up({ ...roomy, workers: 1 })
    const { file, program } = await recording(switched)
    await ping(a.netns, b.ip4)
    const more = join(directory(), 'more.json')
    writeFileSync(more, JSON.stringify({ ...roomy, workers: 2 }))
    await switched.do('apply', '-c', more)
    expect(await program.end()).toMatchObject({ status: 0 })
    const { recording: about, result } = await replayed(file)
    expect(about).toMatchObject({ reason: 'worker 1 was started' })
    expect(result.identical).toBe(true)
    expect(await ping(a.netns, b.ip4)).toMatchObject({ received: 3 })
  })

  test('where a worker dies: with what it was doing', async () => {
    const { stations, config } = lab(2, { ipv6: false })
    const [a, b] = two(stations)
    const file = join(directory(), 'death.lsrec')
    const program = startScript(MORTAL, { ...config, workers: 1, file })
    await program.prints('recording')
    const client = await startIperf(a, b, '--bidir', '-b', '100M')
    program.kill('SIGUSR2')
    await program.prints('written')
    await ping(a.netns, b.ip4)
    client.kill('SIGTERM')
    const { recording: about, result } = await replayed(file)
    expect(about.reason).toBe('worker 0 died')
    expect(result.difference).toBeNull()
    program.kill('SIGTERM')
    expect(await program.end()).toMatchObject({ status: 0 })
  })
})

/** A switch whose worker is terminated at SIGUSR2, in the middle of a recording. */
const MORTAL = `
  const threads = []
  process.on('worker', (thread) => threads.push(thread))
  const { writeFileSync } = await import('node:fs')
  const { startSwitch } = await import('linkspan/node')
  const { file, ...rest } = config
  const running = await startSwitch(rest)
  const recording = await running.record()
  const parts = []
  recording.read({ write: async (octets) => void parts.push(octets), end: () => {
    writeFileSync(file, Buffer.concat(parts))
    console.log('written')
  } })
  process.on('SIGUSR2', () => threads.shift().terminate())
  process.on('SIGTERM', () => running.close().then(() => process.exit(0)))
  console.log('recording')`
