import { spawnSync } from 'node:child_process'
import { readlinkSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { cpuPerSecond, IDLE } from '../support/idle.js'
import { configOf, lab, station, two } from '../support/lab.js'
import { up, upFails } from '../support/linkspan.js'
import { interfaces, ip, makeNamespace, namespace, ping } from '../support/netns.js'
import { type Program, start } from '../support/process.js'
import { until } from '../support/until.js'

const all = { transmitted: 3, received: 3, duplicates: 0 }

/** A process in a network namespace of its own, for `pid:N`. */
async function container(): Promise<Program> {
  const program = start(['unshare', '-n', 'sleep', '600'])
  const own = readlinkSync('/proc/self/ns/net')
  await until('a process to be in a namespace of its own', () => {
    const { stdout } = spawnSync('readlink', [`/proc/${program.pid}/ns/net`], { encoding: 'utf8' })
    return stdout.startsWith('net:') && stdout.trim() !== own
  })
  return program
}

describe('a namespace that is deleted under the switch', () => {
  test('and made again: a port that waits is there again', async () => {
    const { stations, config } = lab(2, { missing: 'wait' })
    const running = await up(config)
    const [a, b] = two(stations)
    expect(await ping(a.netns, b.ip4)).toEqual(all)
    ip('netns', 'del', b.netns)
    const waiting = await running.portIs('b', { state: 'waiting' })
    expect(waiting.error).toMatch(/namespace/)
    expect(await running.fdb()).not.toHaveProperty(b.mac)
    expect(await cpuPerSecond(running.pid)).toBeLessThan(IDLE)
    makeNamespace(b.netns)
    await running.portIs('b', { state: 'up', error: null })
    expect(await ping(a.netns, b.ip4)).toEqual(all)
    expect(await ping(b.netns, a.ip6)).toEqual(all)
  })

  test('a port that does not wait stays in error, and the others go on', async () => {
    const { stations, config } = lab(3)
    const running = await up(config)
    const [a, b] = two(stations)
    expect(await ping(a.netns, b.ip4)).toEqual(all)
    ip('netns', 'del', b.netns)
    await running.portIs('b', { state: 'error' })
    expect(await running.fdb()).not.toHaveProperty(b.mac)
    makeNamespace(b.netns)
    expect(await cpuPerSecond(running.pid)).toBeLessThan(IDLE)
    expect(await running.port('b')).toMatchObject({ state: 'error' })
    expect(interfaces(b.netns)).toEqual([])
    expect(await ping(a.netns, stations[2]?.ip4 ?? '')).toEqual(all)
  })

  test('again and again', async () => {
    const { stations, config } = lab(2, { missing: 'wait' })
    const running = await up(config)
    const [a, b] = two(stations)
    for (let round = 0; round < 3; round++) {
      ip('netns', 'del', b.netns)
      makeNamespace(b.netns)
      await until('an interface in the new namespace', () => interfaces(b.netns).length > 0)
      await running.portIs('b', { state: 'up' })
      expect(await ping(a.netns, b.ip4)).toEqual(all)
    }
  })
})

describe('a namespace that is not there yet', () => {
  test('is waited for', async () => {
    const [a, b] = [station(0), station(1)]
    namespace(a.netns)
    const running = await up(configOf([a, b], { missing: 'wait' }))
    expect(running.program.stdout).toMatch(/b: eth0 in \S+ on lan, waiting/)
    expect(await running.port('b')).toMatchObject({ state: 'waiting', ifname: 'eth0' })
    namespace(b.netns)
    await running.portIs('b', { state: 'up' })
    expect(await ping(a.netns, b.ip4)).toEqual(all)
  })

  test('is an error that leaves nothing behind', async () => {
    const [a, b] = [station(0), station(1)]
    namespace(a.netns)
    const { status, stderr } = await upFails(configOf([a, b]))
    expect(status).toBe(1)
    expect(stderr).toContain(`namespace '${b.netns}'`)
    expect(stderr).toContain('"ip netns add NAME" makes a namespace by name')
    expect(interfaces(a.netns)).toEqual([])
  })
})

describe('the namespace of a process', () => {
  test('gets its port, and takes it with it', async () => {
    const [a, b] = [station(0), station(1)]
    namespace(a.netns)
    const process = await container()
    b.netns = `pid:${process.pid}`
    const running = await up(configOf([a, b]))
    expect(await ping(a.netns, b.ip4)).toEqual(all)
    process.kill()
    await running.portIs('b', { state: 'error' })
    expect(await running.fdb()).not.toHaveProperty(b.mac)
    expect(await cpuPerSecond(running.pid)).toBeLessThan(IDLE)
  })

  test('that is no process', async () => {
    const { status, stderr } = await upFails(configOf([station(0, 'pid:4194304')]))
    expect(status).toBe(1)
    expect(stderr).toContain('there is no process 4194304')
  })
})
