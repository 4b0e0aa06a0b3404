/** `linkspan apply` and its kin, as an operator uses them. */
import { writeFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { finishFlow, startFlow } from '../support/flow.js'
import { lab, three, two } from '../support/lab.js'
import { command, configFile, directory, type Linkspan, linkspan, up } from '../support/linkspan.js'
import { interfaces, namespace } from '../support/netns.js'
import { run, start } from '../support/process.js'
import { until } from '../support/until.js'

async function setUp() {
  const { stations, config } = lab(3, { ipv6: false })
  const { c, ...ports } = config.ports
  const base = { ...config, ports }
  const running = await up(base)
  return { running, base, c, stations: three(stations) }
}

const names = async (running: Linkspan, subject: string) =>
  (await running.show<{ name: string }[]>(subject)).map(({ name }) => name)

describe('linkspan apply', () => {
  test('says what it did, and does it once', async () => {
    const { running, base, c, stations } = await setUp()
    const [a, , third] = stations
    const device = { ...base.ports.a?.device, mtu: 1400 }
    const next = configFile({
      ...base,
      bridges: { ...base.bridges, lab: { ageing: '60s' } },
      ports: { a: { bridge: 'lan', device }, c },
      fdb: [{ bridge: 'lan', mac: '02:e2:e0:00:00:99', port: 'c' }],
    })
    const plan = [
      '- port b',
      '+ bridge lab',
      '~ port a  device.mtu',
      `+ port c  tap eth0 in ${third.netns}, on lan`,
      '+ fdb lan 02:e2:e0:00:00:99 c',
    ]
    const dry = await running.do('apply', '-c', next, '--dry-run')
    expect(dry.trim().split('\n')).toEqual([...plan, 'nothing was changed: this was a dry run'])
    expect(await names(running, 'ports')).toEqual(['a', 'b'])
    expect((await running.do('apply', '-c', next)).trim().split('\n')).toEqual(plan)
    expect(await names(running, 'ports')).toEqual(['a', 'c'])
    expect((await running.port('a')).mtu).toBe(1400)
    expect(interfaces(a.netns)).toEqual(['eth0'])
    expect(await running.do('apply', '-c', next)).toBe('nothing to change\n')
    await running.program.prints('config applied')
  })

  test('--json is data, with every field', async () => {
    const { running, base, c } = await setUp()
    const next = configFile({ ...base, ports: { ...base.ports, c } })
    const answer = JSON.parse(await running.do('apply', '-c', next, '--json', '--dry-run'))
    expect(answer).toEqual({
      dryRun: true,
      confirmBy: null,
      warnings: [],
      changes: [
        { op: 'add', object: 'port', name: 'c', keys: [], from: null, to: expect.any(Object) },
      ],
    })
  })

  test('leaves what was added by hand, unless told to prune', async () => {
    const { running, base } = await setUp()
    const file = configFile(base)
    const netns = namespace()
    await running.do('bridge', 'add', 'hand', '--ageing', '30s')
    const words = ['--bridge', 'hand', '--ifname', 'eth0', '--netns', netns]
    await running.do('port', 'add', 'mine', ...words)
    expect(await running.show('bridges')).toContainEqual(
      expect.objectContaining({
        name: 'hand',
        origin: 'api',
        ports: ['mine'],
        ageing: 30_000,
        fdb: expect.any(Object),
      }),
    )
    expect(await running.do('apply', '-c', file)).toBe('nothing to change\n')
    expect(await names(running, 'ports')).toEqual(['a', 'b', 'mine'])
    const pruned = await running.do('apply', '-c', file, '--prune')
    expect(pruned).toBe('- port mine\n- bridge hand\n')
    expect(await names(running, 'bridges')).toEqual(['lan'])
    expect(interfaces(netns)).toEqual([])
  })

  test('of a file that has what was added by hand takes it over when told to prune', async () => {
    const { running, base, c } = await setUp()
    const netns = c?.device.netns ?? ''
    const words = ['--bridge', 'lan', '--ifname', 'eth0', '--netns', netns]
    await running.do('port', 'add', 'c', ...words)
    expect(await running.port('c')).toMatchObject({ origin: 'api' })
    const file = configFile({ ...base, ports: { ...base.ports, c } })
    const refused = await running.run('apply', '-c', file)
    expect(refused.stderr).toMatch(/ports\.c: the API made a port of that name.*--prune/)
    await running.do('apply', '-c', file, '--prune')
    expect(await running.port('c')).toMatchObject({ origin: 'config' })
    await running.do('apply', '-c', configFile(base))
    expect(await names(running, 'ports')).toEqual(['a', 'b'])
  })

  test('leaves static entries that were added by hand, and prunes them', async () => {
    const { running, base } = await setUp()
    const [byHand, byFile] = ['02:e2:e0:00:00:77', '02:e2:e0:00:00:99']
    await running.do('fdb', 'add', 'lan', byHand, 'a')
    const file = configFile({ ...base, fdb: [{ bridge: 'lan', mac: byFile, port: 'b' }] })
    expect(await running.do('apply', '-c', file)).toBe(`+ fdb lan ${byFile} b\n`)
    expect(await running.fdb()).toMatchObject({ [byHand]: 'a', [byFile]: 'b' })
    expect(await running.do('apply', '-c', file, '--prune')).toBe(`- fdb lan ${byHand} a\n`)
    expect(await running.fdb()).not.toHaveProperty(byHand)
  })

  test('refuses what it cannot do, with exit status 1', async () => {
    const { running, base, c } = await setUp()
    const device = { ...c?.device, netns: 'e2enowhere' }
    for (const [config, says] of [
      [{ ...base, workers: 2 }, 'nothing was applied: a change of capacity.maxWorkers'],
      [{ ...base, ports: { ...base.ports, c: { ...c, device } } }, '/run/netns/e2enowhere'],
      [{ ...base, colour: 1 }, 'colour: unknown key'],
      [{ ...base, bridges: {} }, 'there is no bridge "lan"'],
    ] as const) {
      const { status, stdout, stderr } = await running.run('apply', '-c', configFile(config))
      expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
      expect(stderr).toContain(says)
    }
    const hand = ['--bridge', 'lan', '--ifname', 'eth0', '--netns', c?.device.netns ?? '']
    await running.do('port', 'add', 'c', ...hand)
    const { stderr } = await running.run('apply', '-c', configFile({ version: 1 }))
    expect(stderr).toMatch(/bridges\.lan: missing, but port "c", which the API made, is on it/)
    expect(await names(running, 'ports')).toEqual(['a', 'b', 'c'])
  })

  test('without a switch says so', async () => {
    const socket = `${directory()}/none.sock`
    const words = ['apply', '-c', configFile({ version: 1 }), '--socket', socket]
    const { status, stderr } = await linkspan(...words)
    expect(status).toBe(1)
    expect(stderr).toContain(`no switch is running at ${socket}`)
  })
})

describe('--confirm', () => {
  test('keeps what is confirmed, and refuses another apply until then', async () => {
    const { running, base, c } = await setUp()
    const next = configFile({ ...base, ports: { ...base.ports, c } })
    const said = await running.do('apply', '-c', next, '--confirm', '10m')
    expect(said).toMatch(/^\+ port c .*\ntaken back at \d\d:\d\d:\d\d unless "linkspan confirm"/)
    expect(await running.show('info')).toMatchObject({ confirmBy: expect.any(String) })
    const refused = await running.run('apply', '-c', configFile(base))
    expect(refused.status).toBe(1)
    expect(refused.stderr).toMatch(/an apply waits to be confirmed until .*"linkspan confirm"/)
    await running.do('confirm')
    expect(await running.show('info')).toMatchObject({ confirmBy: null })
    expect(await names(running, 'ports')).toEqual(['a', 'b', 'c'])
    const again = await running.run('confirm')
    expect(again.status).toBe(1)
    expect(again.stderr).toContain('there is no apply that waits to be confirmed')
    await running.do('apply', '-c', configFile(base))
  })

  test('takes back what is not, also when the client is dead, and loses no frame', async () => {
    const { running, base, c, stations } = await setUp()
    const [a, b, third] = stations
    await running.do('bridge', 'add', 'hand')
    const flow = await startFlow(a, b)
    const next = configFile({ ...base, ports: { ...base.ports, c } })
    const words = ['apply', '-c', next, '--prune', '--confirm', '1s', '--socket', running.socket]
    const client = start([...command, ...words])
    await until('the port to be there', async () => (await names(running, 'ports')).includes('c'))
    client.kill()
    // What is added meanwhile is not a part of what is taken back.
    await running.do('bridge', 'add', 'meanwhile')
    await running.program.prints('not confirmed in time: taken back')
    expect(await names(running, 'ports')).toEqual(['a', 'b'])
    expect((await names(running, 'bridges')).sort()).toEqual(['hand', 'lan', 'meanwhile'])
    expect(interfaces(third.netns)).toEqual([])
    const { sent, received, duplicates } = await finishFlow(flow)
    expect({ received, duplicates }).toEqual({ received: sent, duplicates: 0 })
  })

  test('a time without a unit is wrong usage', async () => {
    const { status, stderr } = await linkspan('apply', '--confirm', '60')
    expect(status).toBe(2)
    expect(stderr).toContain('a duration with its unit')
  })
})

describe('SIGHUP', () => {
  test('applies the file that the switch was started with', async () => {
    const { stations, config } = lab(2)
    const [, b] = two(stations)
    const { a: portA } = config.ports
    const file = configFile({ ...config, ports: { a: portA } })
    const socket = `${directory()}/control.sock`
    const program = start([...command, 'up', '-c', file, '--socket', socket, '--log', 'text'])
    await program.prints('control socket')
    writeFileSync(file, JSON.stringify(config))
    program.kill('SIGHUP')
    await until('the port', () => interfaces(b.netns).length === 1)
    await program.prints('config applied changes=1')
    writeFileSync(file, 'bridges: [')
    program.kill('SIGHUP')
    await program.prints(/error SIGHUP: nothing was applied error=.*linkspan.yaml:1/)
    expect(program.running).toBe(true)
  })

  test('says so when there is no such file', async () => {
    const { config } = lab(1)
    const socket = `${directory()}/control.sock`
    const words = ['up', '-c', '-', '--socket', socket, '--log', 'text']
    const program = start([...command, ...words], { input: JSON.stringify(config) })
    await program.prints('control socket')
    program.kill('SIGHUP')
    await program.prints('the config came from standard input, so there is no file to apply')
    expect((await run([...command, 'down', '--socket', socket])).status).toBe(0)
  })
})
