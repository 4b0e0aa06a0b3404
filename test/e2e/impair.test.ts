/** Impairments of ports of a switch that runs: what they do to frames, and changing them under traffic. */
import { describe, expect, test } from 'vitest'
import {
  drops,
  Ear,
  expected,
  impairLab,
  pairEnds,
  quickest,
  send,
  withImpair,
} from '../support/impair-lab.js'
import { lab, two } from '../support/lab.js'
import { configFile, up } from '../support/linkspan.js'
import { finishPing, ip, namespace, ping, startPing } from '../support/netns.js'
import { iperf } from '../support/traffic.js'
import { until } from '../support/until.js'

const all = { transmitted: 3, received: 3, duplicates: 0 }
const upTo = (end: number) => Array.from({ length: end }, (_, index) => index)

describe.each([1, 2])('an impaired port, %i workers', (workers) => {
  test('delays what comes in and what goes out', async () => {
    const { a, b } = await impairLab(
      { receive: { delay: '30ms' }, transmit: { delay: '15ms' } },
      { workers },
    )
    expect(await quickest(a, b)).toBeGreaterThanOrEqual(45)
    expect(await quickest(b, a)).toBeGreaterThanOrEqual(45)
  })

  test('loses and doubles those frames that its seed says, both ways', async () => {
    const settings = { loss: '30%', duplicate: '10%' }
    const lab = await impairLab({ ...settings, seed: 42 }, { workers })
    const count = 300
    for (const [from, to, way] of [
      [lab.atA, lab.atB, 'receive'],
      [lab.atB, lab.atA, 'transmit'],
    ] as const) {
      const ear = new Ear(to)
      ear.hear()
      ear.marks.length = 0
      send(from, count)
      const wanted = expected(settings, 42, way, count)
      expect(await ear.hears(wanted.length)).toEqual(wanted)
      const { impair, rx, tx } = await lab.running.port('a')
      const state = impair?.[way]
      const lost = count + (state?.duplicated ?? 0) - wanted.length
      expect(await drops(lab.running)).toMatchObject({ [`impair-loss-${way}`]: lost })
      expect(state).toMatchObject({ held: 0, corrupted: 0 })
      const counted = way === 'receive' ? rx : tx
      expect(counted).toMatchObject({ frames: wanted.length, drops: lost })
    }
  })

  test('has no more than its rate', async () => {
    const { a, b, running } = await impairLab({ rate: '20M', queue: '64KiB' }, { workers })
    for (const [from, to] of [
      [a, b],
      [b, a],
    ] as const) {
      const { bitsPerSecond } = await iperf(from, to, to.ip4)
      expect(bitsPerSecond).toBeLessThan(20e6)
      expect(bitsPerSecond).toBeGreaterThan(0)
    }
    // What the kernel offers to segment later comes as single frames, each with its own luck.
    const { rx } = await running.port('a')
    expect(rx.bytes / rx.frames).toBeLessThanOrEqual(1514)
    await running.do('impair', 'a', '--clear')
    await iperf(a, b, b.ip4, '-n', '50M')
    const after = (await running.port('a')).rx
    expect((after.bytes - rx.bytes) / (after.frames - rx.frames)).toBeGreaterThan(1514)
  })

  test('is given impairments, others, and none again, and a flow loses nothing', async () => {
    const { a, b, running } = await impairLab(undefined, { workers })
    const flow = await startPing(a.netns, b.ip4)
    for (const settings of [['delay=3ms'], ['delay=1ms', 'jitter=500us'], ['--clear']]) {
      for (let round = 0; round < 3; round++) {
        await running.do('impair', 'a', ...settings)
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
    }
    const { transmitted, received, duplicates } = await finishPing(flow)
    expect({ received, duplicates }).toEqual({ received: transmitted, duplicates: 0 })
    expect(await running.show('drops')).toEqual([])
  })

  test('that is impaired no more has out at once what it held', async () => {
    const { atA, atB, running } = await impairLab({ delay: '60m' }, { workers })
    const [toA, toB] = [new Ear(atA), new Ear(atB)]
    send(atA, 50)
    send(atB, 40, 100)
    await until('all to be held', async () => {
      const { impair } = await running.port('a')
      return impair?.receive.held === 50 && impair.transmit.held === 40
    })
    await running.do('impair', 'a', '--clear')
    expect(await toB.hears(50)).toEqual(upTo(50))
    expect(await toA.hears(40)).toEqual(upTo(40).map((mark) => mark + 100))
    expect((await running.port('a')).impair).toBeNull()
    expect(await running.show('drops')).toEqual([])
  })
})

describe('an impaired port', () => {
  test.each([
    ['up=false', 'down', 60],
    ['loss=1', 'loss', 60],
    ['mtu=1000', 'mtu', 1400],
  ])('with %s lets nothing of it pass, and says so', async (setting, reason, length) => {
    const lab = await impairLab()
    await lab.running.do('impair', 'a', setting)
    const ear = new Ear(lab.atB)
    send(lab.atA, 10, 0, length)
    send(lab.atB, 10, 0, length)
    await until(
      'both ways to be counted',
      async () => Object.keys(await drops(lab.running)).length === 2,
    )
    expect(await drops(lab.running)).toEqual({
      [`impair-${reason}-receive`]: 10,
      [`impair-${reason}-transmit`]: 10,
    })
    const { rx, tx } = await lab.running.port('a')
    expect([rx, tx]).toMatchObject([
      { frames: 0, drops: 10 },
      { frames: 0, bytes: 0, drops: 10 },
    ])
    expect(ear.hear()).toEqual([])
    await lab.running.do('impair', 'a', '--clear')
    send(lab.atA, 1, 7)
    expect(await ear.hears(1)).toEqual([7])
    // What was lost stays lost.
    expect(await drops(lab.running)).toMatchObject({ [`impair-${reason}-receive`]: 10 })
  })

  test('changes a bit, which the receiver notices', async () => {
    const { running, a, b } = await impairLab({ corrupt: 1 })
    expect(await ping(a.netns, b.ip4, '-c', '1', '-W', '1')).toMatchObject({ received: 0 })
    await running.do('impair', 'a', 'corrupt=none')
    expect(await ping(a.netns, b.ip4)).toEqual(all)
  })

  test('follows the config that is applied, in place or from nothing', async () => {
    const { running, a, b, config } = await impairLab()
    const flow = await startPing(a.netns, b.ip4)
    const apply = (impair: unknown) =>
      running.do('apply', '-c', configFile(withImpair(config, impair)))
    expect(await apply({ delay: '5ms', seed: 1 })).toContain('~ port a')
    expect(await quickest(a, b)).toBeGreaterThanOrEqual(10)
    await apply({ delay: '9ms', seed: 1 })
    expect(await quickest(a, b)).toBeGreaterThanOrEqual(18)
    await apply(undefined)
    expect((await running.port('a')).impair).toBeNull()
    const { transmitted, received } = await finishPing(flow)
    expect(received).toBe(transmitted)
  })

  test('can go while it holds frames, and leaves no descriptor behind', async () => {
    const { running, atA, a, b } = await impairLab({ delay: '1s' })
    expect(pairEnds(running.pid)).toBe(2)
    await running.do('impair', 'a', '--clear')
    for (let round = 0; round < 5; round++) {
      await running.do('impair', 'a', 'delay=60m')
      expect(pairEnds(running.pid)).toBe(2)
      send(atA, 20)
      await running.do('impair', 'a', '--clear')
      expect(pairEnds(running.pid)).toBe(0)
    }
    await running.do('impair', 'a', 'delay=60m')
    send(atA, 20)
    await running.do('port', 'del', 'a')
    await running.do('port', 'del', 'b')
    for (const { name, netns, ip4 } of [a, b]) {
      const where = ['--bridge', 'lan', '--ifname', 'eth0', '--netns', netns]
      await running.do('port', 'add', name, ...where, '--address', `${ip4}/24`)
    }
    expect(pairEnds(running.pid)).toBe(0)
    expect(await ping(a.netns, b.ip4)).toEqual(all)
    expect((await running.port('a')).impair).toBeNull()
  })

  test('whose namespace goes with frames on their way is impaired again when it is back', async () => {
    const { stations, config } = lab(2, { ipv6: false, missing: 'wait' })
    const [a, b] = two(stations)
    const running = await up(withImpair(config, { delay: '60m' }))
    expect(await ping(a.netns, b.ip4, '-c', '2', '-W', '1')).toMatchObject({ received: 0 })
    expect((await running.port('a')).impair?.receive.held).toBeGreaterThan(0)
    ip('netns', 'del', a.netns)
    await running.portIs('a', { state: 'waiting' })
    expect((await running.port('a')).impair?.receive.held).toBe(0)
    await running.do('impair', 'a', 'delay=5ms')
    namespace(a.netns, { ipv6: false })
    await running.portIs('a', { state: 'up' })
    // None of what is gone is waited for.
    expect(await quickest(a, b)).toBeGreaterThanOrEqual(10)
    expect(running.program.stderr).not.toContain('could not')
  })

  test('ends with the switch, whatever it holds, and is as its config says after a restart', async () => {
    const { running, atA, a, b, config } = await impairLab({ delay: '4ms' })
    await running.do('impair', 'a', 'delay=60m')
    send(atA, 20)
    expect(await running.stop()).toMatchObject({ status: 0 })
    await up(config)
    expect(await quickest(a, b)).toBeGreaterThanOrEqual(8)
  })
})
