/** NAT in namespaces: masquerade and published services between a bridge and an outer network. */
import { describe, expect, test } from 'vitest'
import type { FlowView } from '../../src/control/api/flows.js'
import { configFile, up } from '../support/linkspan.js'
import { narrowLab } from '../support/nat-hosts.js'
import { finishPing, ping, startPing, within } from '../support/netns.js'
import { must, start } from '../support/process.js'
import { inNamespace } from '../support/routed.js'
import { iperf } from '../support/traffic.js'

const all = { transmitted: 3, received: 3, duplicates: 0 }

/** Serves one connection: says from where it came. */
async function whoIs(netns: string, port: number) {
  const script = `require('node:net').createServer((socket) => socket.end(socket.remoteAddress + '\\n'))
    .listen(${port}, '0.0.0.0', () => console.log('listening'))`
  const program = start(within(netns, process.execPath, '-e', script))
  await program.prints('listening')
}

/** What a server answers, or that it does not. */
function ask(netns: string, address: string, port: number): Promise<string> {
  const script = `const socket = require('node:net').connect({ host: '${address}', port: ${port}, timeout: 2000 })
    socket.on('data', (data) => process.stdout.write(data))
    socket.on('error', ({ code }) => console.log(code))
    socket.on('timeout', () => { console.log('timeout'); socket.destroy() })`
  return must(within(netns, process.execPath, '-e', script))
}

describe('masquerade', () => {
  test('lets a bridge out under the address of the uplink', async () => {
    const { inside, outside, config } = narrowLab()
    const running = await up(config)
    expect(await ping(inside, '203.0.113.1')).toEqual(all)
    await whoIs(outside, 8000)
    expect(await ask(inside, '203.0.113.1', 8000)).toMatch(/203\.0\.113\.10\n/)
    const flows = await running.show<FlowView[]>('flows?protocol=tcp')
    expect(flows).toMatchObject([
      {
        protocol: 'tcp',
        original: { source: '10.55.0.2', destination: '203.0.113.1', destinationPort: 8000 },
        reply: { source: '203.0.113.1', sourcePort: 8000, destination: '203.0.113.10' },
        nat: ['source'],
      },
    ])
    expect(await running.do('show', 'flows', '--protocol', 'icmp')).toContain('203.0.113.10')
    expect(await running.do('flow', 'del', '--protocol', 'tcp')).toBe('1 flows ended\n')
    expect(await running.show('flows?protocol=tcp')).toEqual([])
    const { status, stderr } = await running.run('flow', 'del')
    expect([status, stderr]).toEqual([1, expect.stringContaining('say which flows')])
    expect(await running.do('metrics')).toMatch(/^linkspan_flows\{state="replied"\} [1-9]/m)
  })

  test('carries TCP, and goes on through an apply', async () => {
    const { inside, outside, config } = narrowLab()
    const running = await up(config)
    const { bitsPerSecond } = await iperf(inNamespace(inside), inNamespace(outside), '203.0.113.1')
    expect(bitsPerSecond).toBeGreaterThan(1e6)
    const program = await startPing(inside, '203.0.113.1')
    const bridges = { ...config.bridges, more: { gateway: { addresses: ['10.77.0.1/24'] } } }
    const nat = [...config.nat, { type: 'masquerade', from: { bridge: 'more' }, uplink: 'wan' }]
    expect(await running.do('apply', '-c', configFile({ ...config, bridges, nat }))).toBe(
      '+ bridge more\n+ nat masquerade more wan\n',
    )
    const { transmitted, received } = await finishPing(program)
    expect(received).toBe(transmitted)
  })
})

describe('publish', () => {
  test('leads from the uplink to a host inside, until it is taken back', async () => {
    const { inside, outside, config } = narrowLab()
    const running = await up(config)
    await whoIs(inside, 80)
    expect(await ask(outside, '203.0.113.10', 8080)).not.toContain('203.0.113.1\n')
    await running.do('publish', 'add', 'web', 'wan:8080', '10.55.0.2:80')
    expect(await ask(outside, '203.0.113.10', 8080)).toContain('203.0.113.1\n')
    expect(await running.do('show', 'publish')).toMatch(
      /^web +wan:8080 +10\.55\.0\.2:80 +tcp +api$/m,
    )
    const again = await running.run('publish', 'add', 'other', 'wan:8080', '10.55.0.2:81')
    expect([again.status, again.stderr]).toEqual([
      1,
      expect.stringContaining('publish entry "web" has it'),
    ])
    // An apply leaves what was published by hand.
    expect(await running.do('apply', '-c', configFile(config))).toBe('nothing to change\n')
    expect(await ask(outside, '203.0.113.10', 8080)).toContain('203.0.113.1\n')
    await running.do('publish', 'del', 'web')
    expect(await ask(outside, '203.0.113.10', 8080)).not.toContain('203.0.113.1\n')
    const none = await running.run('publish', 'del', 'web')
    expect([none.status, none.stderr]).toEqual([
      1,
      'linkspan: there is no published service "web"\n',
    ])
  })
})
