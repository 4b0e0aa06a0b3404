/** `linkspan impair` as a person uses it: what it shows, what it refuses, and in which words. */
import { describe, expect, test } from 'vitest'
import type { PortView } from '../../src/control/view.js'
import { withImpair } from '../support/impair-lab.js'
import { lab } from '../support/lab.js'
import { configFile, directory, up } from '../support/linkspan.js'

const refused: [words: string, status: number, message: string][] = [
  ['a delay', 2, '"delay": expected SETTING=VALUE, as in delay=20ms or loss=none'],
  ['a loss=1% loss=2%', 2, '"loss" is said twice'],
  ['a loss=1% --clear', 2, '--clear takes all settings away: say it without others'],
  ['a --receive', 2, 'nothing to set: say what, as in delay=20ms'],
  ['a loss=1% --json', 2, '--json is for showing: leave the settings out'],
  ['a los=1%', 1, 'ports.a.impair.los: unknown key; expected one of'],
  ['a loss=2', 1, 'ports.a.impair.loss: found 2; expected a probability such as "1%"'],
  ['a delay=2h --transmit', 1, 'ports.a.impair.transmit.delay: found "2h"; expected milliseconds'],
  ['a reorder=1%', 1, 'expected a "delay" beside it, which some frames go without'],
  ['a --seed 5000000000', 1, 'expected a whole number from 0 to 4294967295'],
  ['c loss=1%', 1, 'there is no port "c"; there is a, b'],
  ['c', 1, 'there is no port "c"; there is a, b'],
]

async function running(impair?: unknown) {
  const { config } = lab(2, { ipv6: false })
  const whole = withImpair(config, impair)
  return { linkspan: await up(whole), config: whole }
}

describe('linkspan impair', () => {
  test('changes what is named, in both ways or one, and shows it in words that it takes', async () => {
    const { linkspan } = await running({ delay: '20ms', seed: 7 })
    await linkspan.do('impair', 'a', 'loss=5%,burst=4', '--receive')
    await linkspan.do('impair', 'a', 'jitter=2ms,distribution=pareto', 'queue=100frames')
    await linkspan.do('impair', 'a', 'delay=none', 'rate=10Mbit', '--transmit')
    const shown = await linkspan.do('impair', 'a')
    expect(shown.split('\n')[0]).toBe('port     a, seed 7')
    expect(shown).toMatch(
      /^receive {2}queue=100frames delay=20ms jitter=2ms,distribution=pareto loss=toBad=/m,
    )
    expect(shown).toMatch(
      /^transmit rate=10M queue=100frames jitter=2ms,distribution=pareto; 0 held, 0 dup/m,
    )
    const { impair } = JSON.parse(await linkspan.do('show', 'port', 'a', '--json')) as PortView
    expect(JSON.parse(await linkspan.do('impair', 'a', '--json'))).toEqual(impair)
    expect(impair).toMatchObject({ seed: 7, transmit: { rate: 1e7, delay: null, loss: null } })
    expect(await linkspan.do('show', 'port', 'a')).toMatch(/^impair {2}transmit rate=10M /m)
    expect(await linkspan.do('show', 'ports', '--wide')).toMatch(/^a .* impaired$/m)
    await linkspan.do('impair', 'a', '--clear', '--receive')
    expect(await linkspan.do('impair', 'a')).toMatch(/^receive {2}-; /m)
    await linkspan.do('impair', 'a', '--clear')
    expect(await linkspan.do('impair', 'a')).toBe('port a is not impaired\n')
    expect(await linkspan.do('impair', 'a', '--json')).toBe('null\n')
  })

  test('a seed that nobody gives is drawn, and stays while settings change', async () => {
    const { linkspan } = await running()
    const seed = async () => (await linkspan.port('a')).impair?.seed
    await linkspan.do('impair', 'a', 'loss=1%')
    const drawn = await seed()
    expect(drawn).toBeTypeOf('number')
    await linkspan.do('impair', 'a', 'loss=2%')
    expect(await seed()).toBe(drawn)
    await linkspan.do('impair', 'a', '--seed', '9')
    expect(await seed()).toBe(9)
  })

  test('is as the config has it again with the next apply', async () => {
    const { linkspan, config } = await running({ delay: '5ms' })
    await linkspan.do('impair', 'a', 'delay=9ms')
    const dry = await linkspan.do('apply', '-c', configFile(config), '--dry-run')
    expect(dry).toContain('~ port a  impair.receive.delay')
    await linkspan.do('apply', '-c', configFile(config))
    expect((await linkspan.port('a')).impair?.receive.delay).toBe(5)
    expect(await linkspan.do('apply', '-c', configFile(config))).toBe('nothing to change\n')
  })

  test('refuses what it cannot do, and changes nothing', async () => {
    const { linkspan } = await running({ mtu: 1400 })
    const before = await linkspan.port('a')
    for (const [words, status, message] of refused) {
      const ended = await linkspan.run('impair', ...words.split(' '))
      expect(ended, words).toMatchObject({ status, stdout: '' })
      expect(ended.stderr).toMatch(/^linkspan: .*\n$/)
      expect(ended.stderr).toContain(message)
    }
    expect(await linkspan.port('a')).toEqual(before)
  })

  test('an uplink is impaired by its config, and says so', async () => {
    const device = { type: 'pcap', write: `${directory()}/out.pcapng` }
    const wan = { device, addresses: ['203.0.113.10/24'], impair: { delay: '7ms' } }
    const linkspan = await up({ version: 1, uplinks: { wan } })
    expect((await linkspan.port('wan')).impair?.transmit.delay).toBe(7)
    const { status, stderr } = await linkspan.run('impair', 'wan', 'delay=8ms')
    expect([status, stderr]).toEqual([
      1,
      'linkspan: "wan" is an uplink: change it in the config, and apply that\n',
    ])
    const config = { version: 1, uplinks: { wan: { ...wan, impair: { delay: '8ms' } } } }
    await linkspan.do('apply', '-c', configFile(config))
    expect((await linkspan.port('wan')).impair?.transmit.delay).toBe(8)
  })

  test('metrics have what is held, copied and changed, by port and direction', async () => {
    const { linkspan } = await running({ delay: '1s' })
    const metrics = await linkspan.do('metrics')
    for (const name of ['held_frames', 'duplicated_total', 'corrupted_total']) {
      const line = `linkspan_port_impair_${name}{port="a",bridge="lan",direction="receive"} `
      expect(metrics).toContain(line)
    }
    expect(metrics).not.toContain('port_impair_held_frames{port="b"')
  })
})
