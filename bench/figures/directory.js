// 100,000 stations that a directory tells of, programmed into a running switch: how long, and what it costs.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { at, HouseError } from '../../scripts/lib/house.js'
import { ask } from '../lib/api.js'
import { OverlayLab, vteps } from '../lib/overlay-lab.js'
import { dataplane } from '../lib/pipeline/dataplane.js'
import { Background } from '../lib/process.js'
import { processTimeOf, residentOf } from '../lib/processor.js'
import { median } from '../lib/statistics.js'

const ENDPOINTS = 100_000
/** Of a request: its body may be 4 MiB. */
const PART = 25_000
const VNI = 42
const PEERS = Array.from({ length: 10 }, (_, index) => `192.0.2.${index + 2}`)
const MIB = 2 ** 20

const octets = (number) => [16, 8, 0].map((bits) => (number >>> bits) & 255)
const hex = (number) => number.toString(16).padStart(2, '0')

/** A station with one address, behind one of the peers. */
const endpoint = (number) => ({
  vni: VNI,
  mac: `02:00:00:${octets(number).map(hex).join(':')}`,
  addresses: [`10.${octets(number).join('.')}`],
  vtep: PEERS[number % PEERS.length],
})

function endpoints() {
  return Array.from({ length: ENDPOINTS }, (_, index) => endpoint(index + 1))
}

/** All of them, as JSON in parts that a request takes. */
function parts() {
  const all = endpoints()
  const starts = Array.from({ length: ENDPOINTS / PART }, (_, index) => index * PART)
  return starts.map((from) => JSON.stringify({ endpoints: all.slice(from, from + PART) }))
}

const config = {
  version: 1,
  workers: 1,
  underlay: { addresses: [vteps.a] },
  bridges: { lan: { vxlan: { vni: VNI, peers: PEERS } } },
  capacity: { macs: 2 * ENDPOINTS, neighbors: 2 * ENDPOINTS },
}

/** What a process has used: milliseconds of processors, octets of memory that are its own or shared. */
const usage = (pid) => ({ cpu: processTimeOf(pid) * 1000, memory: residentOf(pid) })

class Measured {
  constructor(socket, pid) {
    this.socket = socket
    this.pid = pid
  }

  ask(method, path, body) {
    return ask(this.socket, method, path, body)
  }

  /** Waits until the FDB has so many entries. */
  async entries(wanted) {
    const end = performance.now() + 60_000
    for (;;) {
      const { fdb } = await this.ask('GET', '/v1/info')
      if (fdb.entries === wanted) return
      if (performance.now() > end) {
        throw new HouseError(`bench: ${fdb.entries} entries in the FDB, not ${wanted}`)
      }
      await sleep(10)
    }
  }

  /** Does something until the FDB has so many entries. @returns milliseconds, and those of processors */
  async time(action, wanted) {
    const before = usage(this.pid).cpu
    const begin = performance.now()
    await action()
    await this.entries(wanted)
    const time = performance.now() - begin
    return { time, cpu: usage(this.pid).cpu - before }
  }
}

/** What one more listener costs, and the source's loss to those that there are: in memory alone. */
async function watching() {
  const { MemoryDirectory } = await dataplane()
  const directory = new MemoryDirectory({ now: () => 0, keep: 1, schedule: () => {} })
  for (const one of endpoints()) directory.putEndpoint('bench', one)
  directory.flush()
  const timed = (action) => {
    const begin = performance.now()
    action()
    return performance.now() - begin
  }
  let heard = 0
  const listener = (batch) => {
    heard += batch.endpoints.length
  }
  const watch = timed(() => directory.watch(listener))
  const lose = timed(() => {
    directory.lose('bench')
    directory.flush()
  })
  if (heard !== 2 * ENDPOINTS) throw new HouseError(`bench: a listener heard of ${heard} endpoints`)
  return { watch, told: lose }
}

async function measure(lab, { folder, signal }) {
  const file = join(folder, 'directory.yaml')
  const socket = join(folder, 'directory.sock')
  writeFileSync(file, JSON.stringify(config))
  const command = [process.execPath, at('dist/cli/linkspan.js'), 'up', '-c', file, '--socket']
  const running = new Background('ip', ['netns', 'exec', lab.hosts.a, ...command, socket])
  try {
    await running.until(/is running/, { signal })
    const bodies = parts()
    const on = new Measured(socket, (await ask(socket, 'GET', '/v1/info')).pid)
    await sleep(1000) // what starting has begun is over then
    const empty = usage(on.pid).memory
    const say = async () => {
      for (const body of bodies) await on.ask('POST', '/v1/directory/bench', body)
    }
    const put = await on.time(say, ENDPOINTS)
    const full = usage(on.pid).memory
    const { length } = await on.ask('GET', '/v1/neighbors')
    if (length !== ENDPOINTS) throw new HouseError(`bench: ${length} neighbours are known`)
    const lose = await on.time(() => on.ask('POST', '/v1/directory/bench/lose'), ENDPOINTS)
    const again = await on.time(say, ENDPOINTS)
    const forget = await on.time(() => on.ask('DELETE', '/v1/directory/bench'), 0)
    const steps = Object.entries({ put, lose, again, forget })
    const each = steps.flatMap(([name, { time, cpu }]) => [
      [`${name}Time`, time],
      [`${name}Cpu`, cpu],
    ])
    return { value: put.time, ...Object.fromEntries(each), empty, full, ...(await watching()) }
  } finally {
    await running.stop()
  }
}

/** What is beside the one number. */
function remarks(samples) {
  const list = samples.get('linkspan') ?? []
  if (list.length === 0) return []
  const of = (name) => median(list.map((sample) => sample[name]))
  const ms = (name) => `${Math.round(of(name))} ms`
  const mib = (name) => `${Math.round(of(name) / MIB)} MiB`
  const step = (name) => `${ms(`${name}Time`)} (${ms(`${name}Cpu`)} of processors)`
  const grown = median(list.map(({ empty, full }) => (full - empty) / ENDPOINTS))
  return [
    `told of: ${step('put')}; their source lost: ${step('lose')}; told of again: ${step('again')}; forgotten: ${step('forget')}`,
    `resident: ${mib('empty')} before, ${mib('full')} with them (${Math.round(grown)} octets each)`,
    `a listener that comes is told in ${ms('watch')}, of their source's loss in ${ms('told')}`,
  ]
}

/** @type {import('../lib/figure.js').Figure} */
export const figure = {
  name: 'directory',
  title: `${ENDPOINTS.toLocaleString('en')} endpoints from the directory`,
  unit: 'ms',
  better: 'less',
  needs: { root: true, commands: ['ip'] },
  rounds: 3,
  method: `A running switch with ten peers is told of ${ENDPOINTS.toLocaleString('en')} stations with an address each, over its socket in requests of ${PART.toLocaleString('en')}; it lasts until all are in its FDB, and as neighbours, in a process that was started for it. Time of processors is that of the whole process, resident memory what Linux says of it, garbage that was not collected yet included.`,
  targets: [],
  remarks,
  async setUp(context) {
    const lab = new OverlayLab('directory')
    context.cleanup.add(() => lab.tearDown())
    await lab.setUp()
    return {
      contestants: [{ name: 'linkspan', label: 'Linkspan', measure: () => measure(lab, context) }],
    }
  },
}
