import { readFileSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { describe, expect, test } from 'vitest'
import { lab, type Station, three, two } from '../support/lab.js'
import { directory } from '../support/linkspan.js'
import { interfaces, ping, within } from '../support/netns.js'
import { must, type Program, run } from '../support/process.js'
import { startScript } from '../support/script.js'
import { startIperf } from '../support/traffic.js'
import { until } from '../support/until.js'

const all = { transmitted: 3, received: 3, duplicates: 0 }

/**
 * A switch whose forwarding thread is terminated, in the middle of whatever it does, at every SIGUSR2:
 * the oldest, behind which there is a spare one. It tells of deaths, and after each of what it still knows.
 */
const mortal = `
  const threads = []
  process.on('worker', (thread) => threads.push(thread))
  const { startSwitch } = await import('linkspan/node')
  const running = await startSwitch(config)
  running.on('worker', ({ worker, error, final }) => {
    const macs = running.fdb.list().map(({ mac, port }) => [mac, port])
    console.log('death ' + JSON.stringify({ worker, final, fdb: Object.fromEntries(macs) }))
    const look = setInterval(() => {
      if (running.workerState(worker) === 'starting') return
      console.log('is ' + running.workerState(worker))
      clearInterval(look)
    }, 5)
  })
  process.on('SIGUSR2', () => threads.shift().terminate())
  process.on('SIGHUP', async () => {
    await running.apply({ ...config, workers: 2 })
    console.log('read by ' + running.readers.workers)
  })
  process.on('SIGTERM', () => running.close().then(() => process.exit(0)))
  console.log('started')`

interface Death {
  worker: number
  final: boolean
  fdb: Record<string, string>
}

/** Until the worker died for the `round`-th time, and is replaced or given up. */
async function dies(program: Program, round: number): Promise<void> {
  program.kill('SIGUSR2')
  await until(`death ${round}`, () => program.stdout.split('is ').length > round)
  expect(deathsIn(program.stdout)).toHaveLength(round)
}

function deathsIn(output: string): Death[] {
  return [...output.matchAll(/^death (.*)$/gm)].map(([, json]) => JSON.parse(json ?? '') as Death)
}

describe('a worker that is terminated', () => {
  test('in the middle of traffic is replaced: the flow goes on, what was learnt stays', async () => {
    const { stations, config } = lab(3)
    const [a, b, silent] = three(stations)
    const program = startScript(mortal, config)
    await program.prints('started')
    await ping(silent.netns, a.ip4)
    const client = await startIperf(a, b, '--bidir')
    for (let round = 1; round <= 3; round++) {
      await dies(program, round)
      const told = client.stdout.length
      await until('iperf3 to report again', () =>
        /[1-9]\S* [MG]bits\/sec/.test(client.stdout.slice(told)),
      )
      expect(await ping(a.netns, b.ip4)).toEqual(all)
    }
    const known = { [a.mac]: 'a', [b.mac]: 'b', [silent.mac]: 'c' }
    for (const death of deathsIn(program.stdout)) {
      expect(death).toMatchObject({ worker: 0, final: false, fdb: known })
    }
    expect(client.running).toBe(true)
    await endsCleanly(program, stations)
  })

  test('again and again is given up, and told of; the switch can still be closed', async () => {
    const { stations, config } = lab(2)
    const program = startScript(mortal, config)
    await program.prints('started')
    for (let round = 1; round <= 5; round++) {
      await dies(program, round)
    }
    expect(program.stdout).toContain('is failed')
    expect(deathsIn(program.stdout).map(({ final }) => final)).toEqual([
      false,
      false,
      false,
      false,
      true,
    ])
    await endsCleanly(program, stations)
  })

  test('and was given up is given no queue when there are to be more', async () => {
    const { stations, config } = lab(2)
    const [a, b] = two(stations)
    const program = startScript(mortal, { ...config, workers: 1, capacity: { maxWorkers: 2 } })
    await program.prints('started')
    for (let round = 1; round <= 5; round++) await dies(program, round)
    expect(program.stdout).toContain('is failed')
    program.kill('SIGHUP')
    // A frame for the queue of another would still get there by chance.
    await program.prints('read by')
    expect(program.stdout).toContain('read by 1\n')
    expect(await ping(a.netns, b.ip4)).toEqual(all)
    await endsCleanly(program, stations)
  })

  test('while it holds a lock of the FDB: the lock is broken', async () => {
    const { stations, config } = lab(2)
    const [a, b] = two(stations)
    const program = startScript(locking(a), config)
    await program.prints('done')
    expect(program.stdout.split('\n').slice(0, -1)).toEqual([
      'locked: BUSY',
      'after the death: deleted',
      'done',
    ])
    expect(await ping(a.netns, b.ip4)).toEqual(all)
    program.kill('SIGUSR2')
    await program.prints(`learnt: a`)
    await endsCleanly(program, stations)
  })
})

describe('a worker that traps', () => {
  test('is replaced; the frames it had in hand are counted, told of and kept in a file', async () => {
    const { stations, config } = lab(2, { ipv6: false })
    const [a, b] = two(stations)
    const files = directory()
    const program = startScript(poisoned(files), config)
    await program.prints('started')
    expect(await ping(a.netns, b.ip4)).toEqual(all)
    program.kill('SIGUSR2')
    await program.prints('poisoned')
    // One frame, for which there is no packet path; the sender does not ask again.
    await run(within(a.netns, 'ping', '-c', '1', '-W', '1', b.ip4))
    await program.prints('death')
    const [, told = ''] = /^death (.*)$/m.exec(program.stdout) ?? []
    const { death, drops } = JSON.parse(told)
    expect(death).toMatchObject({ worker: 0, final: false, frames: 1 })
    expect(death.error).toContain('memory access out of bounds')
    expect(drops).toEqual([{ port: 'a', reason: 'worker-died', frames: 1 }])
    expect(dirname(death.file)).toBe(files)
    expect(statSync(death.file).mode & 0o777).toBe(0o600)
    const shown = await must(['tcpdump', '-nn', '-r', death.file])
    expect(shown).toContain(`${a.ip4} > ${b.ip4}: ICMP echo request`)
    expect(readFileSync(death.file, 'latin1')).toContain(
      '1 of 1 that worker 0 had in hand when it died',
    )
    expect(await ping(a.netns, b.ip4)).toEqual(all)
    await endsCleanly(program, stations)
  })
})

async function endsCleanly(program: Program, stations: readonly Station[]): Promise<void> {
  program.kill('SIGTERM')
  expect(await program.end()).toMatchObject({ status: 0, stderr: '' })
  for (const { netns } of stations) expect(interfaces(netns)).toEqual([])
}

/** For a script that writes to the switch's memory: that is the largest of those that it makes. */
const WATCH_MEMORIES = `
  const memories = []
  WebAssembly.Memory = class extends WebAssembly.Memory {
    constructor(descriptor) {
      super(descriptor)
      if (descriptor.shared) memories.push(this)
    }
  }
  const largestMemory = () => {
    return memories.reduce((a, b) => (a.buffer.byteLength > b.buffer.byteLength ? a : b))
  }`

/**
 * Takes the lock of the bucket of a station's address in the name of worker 0, as if that had been
 * in the middle of a change, and terminates it. Offsets are those of assembly/table/bucket.ts, the
 * key is that of assembly/bridge/entry.ts: the FID in two octets, then the address.
 */
function locking({ mac }: Station): string {
  return `
  ${WATCH_MEMORIES}
  const threads = []
  process.on('worker', (thread) => threads.push(thread))
  const { startSwitch } = await import('linkspan/node')
  const running = await startSwitch(config)
  const entry = { bridge: 'lan', mac: '${mac}', port: 'a' }
  running.fdb.add(entry)

  const largest = largestMemory()
  const bytes = Buffer.from(largest.buffer)
  const key = Buffer.from('0100${mac.replaceAll(':', '')}', 'hex')
  let slot = bytes.indexOf(key)
  while (slot >= 0 && (slot % 16 !== 0 || slot % 128 === 0)) slot = bytes.indexOf(key, slot + 1)
  const lock = new Int32Array(largest.buffer, slot - (slot % 128) + 8, 1)
  Atomics.store(lock, 0, (1 << 24) | 1)

  const remove = () => {
    try {
      running.fdb.delete(entry)
      return 'deleted'
    } catch (error) {
      return error.code
    }
  }
  console.log('locked: ' + remove())
  const death = new Promise((resolve) => running.once('worker', resolve))
  threads[0].terminate()
  await death
  console.log('after the death: ' + remove())
  process.on('SIGUSR2', () => {
    const found = running.fdb.list().find(({ mac }) => mac === entry.mac)
    console.log('learnt: ' + found?.port)
  })
  process.on('SIGTERM', () => running.close().then(() => process.exit(0)))
  console.log('done')`
}

/** DIRECTORY and Directory.PORTS of assembly/memory.ts: what is shared of ports, which only frames ask for. */
const PORTS_WORD = (0x10000 + 64) / 4

/** At SIGUSR2 a word of memory's directory points behind memory, until a worker has died of it. */
function poisoned(files: string): string {
  return `
  ${WATCH_MEMORIES}
  const { startSwitch } = await import('linkspan/node')
  const casualties = { directory: '${files}', name: 'lab' }
  const running = await startSwitch(config, { casualties })
  const largest = largestMemory()
  const words = new Uint32Array(largest.buffer)
  const before = words[${PORTS_WORD}]
  running.on('worker', (death) => {
    words[${PORTS_WORD}] = before
    console.log('death ' + JSON.stringify({ death, drops: running.drops() }))
  })
  process.on('SIGUSR2', () => {
    words[${PORTS_WORD}] = 0xffffff00
    console.log('poisoned')
  })
  process.on('SIGTERM', () => running.close().then(() => process.exit(0)))
  console.log('started')`
}
