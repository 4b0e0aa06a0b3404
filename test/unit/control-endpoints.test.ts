/** What a directory tells, programmed into FDB and neighbours: only what is other than before. */
import { expect, test, vi } from 'vitest'
import { parseConfig } from '../../src/config/parse.js'
import { contestedIn } from '../../src/control/contested.js'
import type { DirectoryBatch } from '../../src/control/directory/directory.js'
import { MemoryDirectory } from '../../src/control/directory/memory.js'
import { Endpoints } from '../../src/control/endpoints.js'
import { rig } from '../support/rig.js'

const [A, B] = ['192.0.2.2', '192.0.2.3']
const endpoint = (last: number, vtep = A, addresses = [`10.55.0.${last}`]) => {
  return { vni: 42, mac: `02:00:00:00:00:0${last}`, addresses, vtep }
}

/** A switch with tunnels to two VTEPs, a directory, and what it is programmed with. */
function setUp() {
  const on = rig('single').underlay()
  on.tunnel('lan@192.0.2.2', { remote: A }).tunnel('lan@192.0.2.3', { remote: B })
  const directory = new MemoryDirectory({ now: () => on.now, keep: 1000, schedule: () => {} })
  const { manager, topology } = on
  const failed = vi.fn()
  const endpoints = new Endpoints({ manager, topology, now: () => on.now }, directory, failed)
  directory.watch((batch) => endpoints.hear(batch))
  const vxlan = { vni: 42, peers: [A, B] }
  const underlay = { addresses: ['192.0.2.1'] }
  endpoints.follow(parseConfig({ version: 1, underlay, bridges: { lan: { vxlan } } }))
  const calls = [
    vi.spyOn(manager.fdb, 'set'),
    vi.spyOn(manager.fdb, 'delete'),
    vi.spyOn(manager.router, 'setNeighbor'),
  ]
  /** Lets all that is told be programmed. @returns how often entries were set, deleted, neighbours set */
  const told = async () => {
    directory.flush()
    for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate)
    return calls.splice(0, 3, ...calls).map((spy) => spy.mock.calls.splice(0).length)
  }
  return { on, directory, told, failed }
}

test('a station that comes, moves, gets another address and goes', async () => {
  const { on, directory, told, failed } = setUp()
  directory.putEndpoint('s', endpoint(1))
  expect(await told()).toEqual([1, 0, 1])
  expect(on.fdb()).toEqual({ 'lan 020000000001': 'lan@192.0.2.2' })
  directory.putEndpoint('s', endpoint(1, B))
  await told()
  expect(on.fdb()).toEqual({ 'lan 020000000001': 'lan@192.0.2.3' })
  directory.putEndpoint('s', endpoint(1, B, ['10.55.0.9']))
  await told()
  expect(on.neighborhood()).toEqual({ 'lan 10.55.0.9': 'permanent 02:00:00:00:00:01' })
  directory.forget('s')
  await told()
  expect([on.fdb(), on.neighborhood()]).toEqual([{}, {}])
  expect(failed).not.toHaveBeenCalled()
})

test('a source that is lost, and is back, changes nothing that is programmed', async () => {
  const { on, directory, told } = setUp()
  for (const last of [1, 2, 3]) directory.putEndpoint('s', endpoint(last))
  expect(await told()).toEqual([3, 0, 3])
  directory.lose('s')
  expect(await told()).toEqual([0, 0, 0])
  directory.putEndpoint('s', endpoint(1))
  directory.putEndpoint('other', endpoint(2))
  expect(await told()).toEqual([0, 0, 0])
  expect(Object.keys(on.fdb())).toHaveLength(3)
  on.now = 1000
  directory.expire()
  expect(await told()).toEqual([0, 1, 1])
  expect(Object.keys(on.fdb())).toHaveLength(2)
})

test('what is contested is told when it becomes so', () => {
  const directory = new MemoryDirectory({ now: () => 0, keep: 1000, schedule: () => {} })
  const told: ReturnType<typeof contestedIn> = []
  directory.watch((batch: DirectoryBatch) => void told.push(...contestedIn(batch)))
  const take = () => {
    directory.flush()
    return told.splice(0)
  }
  directory.putEndpoint('a', endpoint(1))
  directory.putPeer('a', { vni: 42, vtep: A, host: 'one' })
  expect(take()).toEqual([])
  directory.putEndpoint('b', endpoint(1, B))
  directory.putPeer('b', { vni: 42, vtep: A, host: 'two' })
  expect(take()).toEqual([
    { vni: 42, vtep: A, source: 'b' },
    { vni: 42, vtep: B, source: 'b', mac: '02:00:00:00:00:01' },
  ])
  directory.putEndpoint('a', endpoint(1))
  expect(take()).toEqual([])
  directory.forget('b')
  expect(take()).toEqual([])
})
