import { existsSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { lab, type Station, two } from '../support/lab.js'
import { command, startUp, up } from '../support/linkspan.js'
import { interfaces, ip, ping, startPing, strayInterfaces } from '../support/netns.js'
import { start } from '../support/process.js'
import { startScript } from '../support/script.js'
import { startIperf } from '../support/traffic.js'
import { until } from '../support/until.js'

const all = { transmitted: 3, received: 3, duplicates: 0 }

/** Nothing of a switch is left in the stations' namespaces, nor anything that keeps those alive. */
async function nothingLeft(stations: readonly Station[], socket?: string): Promise<void> {
  for (const { netns } of stations) expect(interfaces(netns)).toEqual([])
  expect(strayInterfaces()).toEqual([])
  if (socket !== undefined) expect(existsSync(socket)).toBe(false)
}

describe('a signal', () => {
  test.each(['SIGINT', 'SIGTERM'] as const)('%s ends an idle switch', async (signal) => {
    const { stations, config } = lab(2)
    const running = await up(config)
    expect(await running.stop(signal)).toMatchObject({ status: 0, signal: null })
    await nothingLeft(stations, running.socket)
  })

  test.each(['SIGINT', 'SIGTERM'] as const)('%s ends one that is busy', async (signal) => {
    const { stations, config } = lab(2)
    const running = await up(config)
    const [a, b] = two(stations)
    await startIperf(a, b, '--bidir')
    expect(await running.stop(signal)).toMatchObject({ status: 0, signal: null })
    await nothingLeft(stations, running.socket)
  })

  test('ends one that has not started yet', async () => {
    const { stations, config } = lab(2)
    const { program, socket } = startUp(config)
    await until('the first interface', () => interfaces(stations[0]?.netns).length > 0)
    program.kill('SIGTERM')
    expect(await program.end()).toMatchObject({ status: 0, signal: null })
    await nothingLeft(stations, socket)
  })

  test('twice ends it too', async () => {
    const { stations, config } = lab(2)
    const running = await up(config)
    running.program.kill('SIGINT')
    const { signal } = await running.stop('SIGINT')
    expect(signal).toBeNull()
    await nothingLeft(stations)
  })

  test('that cannot be caught leaves no interface either', async () => {
    const { stations, config } = lab(2)
    const running = await up(config)
    const [a, b] = two(stations)
    await startIperf(a, b)
    await running.stop('SIGKILL')
    await until('the interfaces to be gone', () => interfaces(a.netns).length === 0)
    await nothingLeft(stations)
  })
})

describe('`linkspan down`', () => {
  test('returns when everything is gone', async () => {
    const { stations, config } = lab(2)
    const running = await up(config)
    const [a, b] = two(stations)
    await startPing(a.netns, b.ip4)
    expect(await running.run('down')).toMatchObject({ status: 0, stdout: '', stderr: '' })
    await nothingLeft(stations, running.socket)
    expect(await running.program.end()).toMatchObject({ status: 0, signal: null })
  })

  test('with a `show --watch` hanging on', async () => {
    const { stations, config } = lab(1)
    const running = await up(config)
    const watch = start([...command, 'show', 'ports', '--watch', '--socket', running.socket])
    await watch.prints('eth0')
    expect((await running.run('down')).status).toBe(0)
    await nothingLeft(stations, running.socket)
    const { status, stderr } = await watch.end()
    expect(status).toBe(1)
    expect(stderr).toContain('no switch is running')
  })

  test('of fifty ports', async () => {
    const { stations, config } = lab(1)
    const [a] = two(stations)
    const more = Array.from({ length: 50 }, (_, index) => {
      const device = { type: 'tap', name: `p${index}`, netns: a.netns }
      return [`p${index}`, { bridge: 'lan', device }] as const
    })
    const running = await up({ ...config, ports: { ...config.ports, ...Object.fromEntries(more) } })
    expect(interfaces(a.netns)).toHaveLength(51)
    expect((await running.run('down')).status).toBe(0)
    await nothingLeft(stations, running.socket)
  })
})

/** A program with a switch of two stations, which does something when it is told to. */
function program(ending: string, config: unknown) {
  const source = `
    import { startSwitch } from 'linkspan/node'
    const running = await startSwitch(config)
    console.log('started')
    setTimeout(() => { ${ending} }, 1500)
    process.on('exit', () => console.log('exit was emitted'))`
  return startScript(source, config)
}

describe('a program that uses startSwitch', () => {
  test.each([
    ['an uncaught exception', 'throw new Error("on purpose")', 1],
    ['an unhandled rejection', 'void Promise.reject(new Error("on purpose"))', 1],
    ['process.exit', 'process.exit(7)', 7],
    ['close', 'void running.close()', 0],
  ])('ends by %s in the middle of traffic', async (_, ending, expected) => {
    const { stations, config } = lab(2)
    const running = program(ending, config)
    await running.prints('started')
    const [a, b] = two(stations)
    await startIperf(a, b)
    const { status, signal, stdout } = await running.end()
    expect({ status, signal }).toEqual({ status: expected, signal: null })
    expect(stdout).toContain('exit was emitted')
    await nothingLeft(stations)
  })

  test('ends by process.exit while nothing moves', async () => {
    const { stations, config } = lab(1, { ipv6: false })
    const running = program('process.exit(7)', config)
    expect(await running.end()).toMatchObject({ status: 7, signal: null })
    await nothingLeft(stations)
  })

  test('may close twice, and hears of a closed switch', async () => {
    const { stations, config } = lab(1)
    const source = `
      import { startSwitch } from 'linkspan/node'
      const running = await startSwitch(config)
      await Promise.all([running.close(), running.close()])
      await running.addPort('late', { bridge: 'lan', device: { type: 'tap', name: 'late' } })
        .catch((error) => console.log(error.code, error.message))`
    const { status, stdout } = await startScript(source, config).end()
    expect({ status, stdout }).toEqual({
      status: 0,
      stdout: 'CLOSED the switch is closing or was closed\n',
    })
    await nothingLeft(stations)
  })

  test('whose config fails half-way may go on without a trace of it', async () => {
    const { stations, config } = lab(2)
    const [a, b] = two(stations)
    ip('-n', b.netns, 'link', 'add', 'eth0', 'type', 'bridge')
    const source = `
      import { readdirSync } from 'node:fs'
      import { startSwitch } from 'linkspan/node'
      const descriptors = () => readdirSync('/proc/self/fd').length
      const failed = () => startSwitch(config).catch((error) => error)
      await failed()
      const before = descriptors()
      const error = await failed()
      console.log(error.name, error.code, error.device, error.syscall, descriptors() - before)`
    const { status, stdout } = await startScript(source, config).end()
    expect({ status, stdout }).toEqual({
      status: 0,
      stdout: 'DeviceError EEXIST eth0 RTM_NEWLINK 0\n',
    })
    expect(interfaces(a.netns)).toEqual([])
    expect(strayInterfaces()).toEqual([])
  })
})

test('a switch that starts where another ended is as good as new', async () => {
  const { stations, config } = lab(2)
  const [a, b] = two(stations)
  for (let round = 0; round < 3; round++) {
    const running = await up(config)
    expect(await ping(a.netns, b.ip4)).toEqual(all)
    await running.stop()
    await nothingLeft(stations, running.socket)
  }
})
