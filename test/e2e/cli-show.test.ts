import { readFileSync, statSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { lab, two } from '../support/lab.js'
import { command, type Linkspan, up } from '../support/linkspan.js'
import { ipJson, ping, uniqueName } from '../support/netns.js'
import { run, start } from '../support/process.js'
import { until } from '../support/until.js'

const traffic = { frames: expect.any(Number), bytes: expect.any(Number), drops: expect.any(Number) }

/** A switch with all there is to show: a port that waits, traffic, drops, a static entry. */
async function busy() {
  const { stations, config } = lab(2)
  const [a, b] = two(stations)
  const device = { type: 'tap', name: 'eth0', netns: uniqueName(), missing: 'wait' }
  const running = await up({
    ...config,
    bridges: { lan: {}, spare: { ageing: '60s' } },
    ports: { ...config.ports, late: { bridge: 'spare', device } },
    fdb: [{ bridge: 'lan', mac: '02:e2:e0:00:00:99', port: 'b' }],
  })
  await ping(a.netns, b.ip4)
  return { running, a, b, waiting: device.netns }
}

/** Of a port that forwards, learns and floods without limit, on a bridge that is not VLAN-aware. */
const open = {
  up: true,
  vlan: null,
  isolated: false,
  learning: true,
  flood: { unknownUnicast: true, multicast: true, broadcast: true },
  locked: false,
  sticky: false,
  limits: {
    macs: null,
    broadcast: null,
    multicast: null,
    unknownUnicast: null,
    receive: null,
    transmit: null,
  },
  guard: null,
  mirror: null,
  mirrorTarget: false,
}

const plain = {
  mtu: null,
  vlanAware: false,
  vlanProtocol: null,
  vlans: null,
  isolated: false,
  controlFrames: [],
  mirror: null,
  gateway: null,
  policy: 'allow',
  vxlan: null,
}

/** What --json must hold, field by field: DESIGN section 7. Nothing more, nothing less. */
const contract = {
  ports: (a: string, waiting: string) => [
    {
      name: 'a',
      bridge: 'lan',
      device: 'tap',
      place: `eth0 in ${a}`,
      ifname: 'eth0',
      netns: a,
      origin: 'config',
      state: 'up',
      error: null,
      mtu: 1500,
      mac: '02:e2:e0:00:00:01',
      ...open,
      rx: traffic,
      tx: traffic,
      kernelDrops: expect.any(Number),
      queue: { unit: 'frames', capacity: 1000, used: null },
      impair: null,
    },
    expect.objectContaining({ name: 'b' }),
    {
      name: 'late',
      bridge: 'spare',
      device: 'tap',
      place: `eth0 in ${waiting}`,
      ifname: 'eth0',
      netns: waiting,
      origin: 'config',
      state: 'waiting',
      error: expect.stringContaining(waiting),
      mtu: 1500,
      mac: null,
      ...open,
      rx: { frames: 0, bytes: 0, drops: 0 },
      tx: { frames: 0, bytes: 0, drops: 0 },
      kernelDrops: null,
      queue: null,
      impair: null,
    },
  ],
  bridges: [
    {
      name: 'lan',
      origin: 'config',
      ports: ['a', 'b'],
      ageing: 300_000,
      ...plain,
      fdb: { dynamic: 2, static: 1 },
    },
    {
      name: 'spare',
      origin: 'config',
      ports: ['late'],
      ageing: 60_000,
      ...plain,
      fdb: { dynamic: 0, static: 0 },
    },
  ],
  fdb: (a: string, b: string) => [
    {
      bridge: 'lan',
      vlan: null,
      mac: a,
      port: 'a',
      vtep: null,
      age: expect.any(Number),
      static: false,
      sticky: false,
      external: false,
    },
    {
      bridge: 'lan',
      vlan: null,
      mac: b,
      port: 'b',
      vtep: null,
      age: expect.any(Number),
      static: false,
      sticky: false,
      external: false,
    },
    {
      bridge: 'lan',
      vlan: null,
      mac: '02:e2:e0:00:00:99',
      port: 'b',
      vtep: null,
      age: null,
      static: true,
      sticky: false,
      external: false,
    },
  ],
  workers: [
    {
      worker: 0,
      state: 'running',
      bursts: expect.any(Number),
      frames: expect.any(Number),
      learned: 2,
      moved: 0,
      expired: 0,
      evicted: 0,
      unlearned: 0,
      staticViolated: 0,
      burstSizes: expect.any(Array),
      busy: expect.any(Number),
      waited: expect.any(Number),
      flowsBegun: 0,
      flowsEvicted: { unanswered: 0, ended: 0 },
      flowsExpired: 0,
    },
  ],
}

async function json(running: Linkspan, subject: string): Promise<unknown> {
  return JSON.parse(await running.do('show', subject, '--json'))
}

describe('show --json', () => {
  test('has every field of the contract, and no other', async () => {
    const { running, a, b, waiting } = await busy()
    expect(await json(running, 'ports')).toEqual(contract.ports(a.netns, waiting))
    expect(await json(running, 'bridges')).toEqual(contract.bridges)
    expect(await json(running, 'vlans')).toEqual([])
    expect(await json(running, 'fdb')).toEqual(contract.fdb(a.mac, b.mac))
    expect(await json(running, 'workers')).toEqual(contract.workers)
    expect(await json(running, 'config')).toMatchObject({
      version: 1,
      bridges: { spare: { ageing: 60_000 } },
      ports: { late: { bridge: 'spare', device: { missing: 'wait', create: true } } },
    })
  })

  test('drops: by port and reason', async () => {
    const { stations, config } = lab(1)
    const running = await up(config)
    const [a] = two(stations)
    await ping(a.netns, '10.77.0.9', '-c', '1', '-W', '1')
    const drops = await json(running, 'drops')
    expect(drops).toEqual([
      {
        port: 'a',
        reason: 'no-destination',
        frames: expect.any(Number),
        text: expect.stringContaining('no other port'),
      },
    ])
  })

  test('counts frames and octets as the interface does', async () => {
    const { stations, config } = lab(2, { ipv6: false })
    const running = await up(config)
    const [a, b] = two(stations)
    await ping(a.netns, b.ip4, '-s', '1000', '-c', '10')
    const port = await running.port('a')
    const link = statistics(a.netns)
    // rx is into the switch: what the interface sent.
    expect(port.rx).toEqual({ frames: link.tx.packets, bytes: link.tx.bytes, drops: 0 })
    expect(port.tx).toEqual({ frames: link.rx.packets, bytes: link.rx.bytes, drops: 0 })
  })
})

interface Counters {
  packets: number
  bytes: number
}

function statistics(netns: string): { rx: Counters; tx: Counters } {
  const [link] = ipJson<{ stats64: { rx: Counters; tx: Counters } }[]>(
    netns,
    '-s',
    'link',
    'show',
    'eth0',
  )
  if (link === undefined) throw new Error(`no eth0 in ${netns}`)
  return link.stats64
}

test('show as a table has a heading and a row for each', async () => {
  const { running } = await busy()
  for (const [subject, heading, row] of [
    ['ports', /^PORT +BRIDGE +IFNAME +NETNS +STATE/, /^a +lan +eth0 +\S+ +up +1500 +\d+ +\d+/m],
    ['ports', /STATE/, /^late +spare +eth0 +\S+ +waiting: .*namespace/m],
    ['bridges', /^BRIDGE +PORTS +AGEING/, /^spare +1 +60\.0s +0 +0 +- +- +late$/m],
    ['fdb', /^BRIDGE +VLAN +MAC +PORT +AGE/, /^lan +- +02:e2:e0:00:00:99 +b +static$/m],
    ['drops', /^PORT +REASON +FRAMES +MEANING/, /MEANING/],
    ['workers', /^WORKER +STATE/, /^ +0 +running +\d+ +\d+ +\d+\.\d/m],
    ['config', /^\{/, /"late": \{/],
  ] as const) {
    const text = await running.do('show', subject)
    expect(text).toMatch(heading)
    expect(text).toMatch(row)
  }
})

describe('show --watch', () => {
  test('--json is one object a line, each with its time', async () => {
    const { running } = await busy()
    const lines = await watched(running, '--json')
    for (const line of lines.slice(0, 2)) {
      const { time, ports, ...rest } = JSON.parse(line) as { time: string; ports: object[] }
      expect(new Date(time).toISOString()).toBe(time)
      expect(ports).toHaveLength(3)
      expect(rest).toEqual({})
    }
  })

  test('as a table has rates', async () => {
    const { running } = await busy()
    const lines = await watched(running)
    expect(lines[0]).toMatch(/RX RATE +TX RATE$/)
    expect(lines.join('\n')).toMatch(/^a .*bit\/s +\S*( \S)?bit\/s$/m)
  })

  test('ends in silence when nobody reads it any more', async () => {
    const { running } = await busy()
    const words = [...command, 'show', 'ports', '--watch', '--json', '--socket', running.socket]
    const { stdout, stderr } = await run(['sh', '-c', '"$@" | head -1', 'sh', ...words])
    expect(stdout.split('\n')).toHaveLength(2)
    expect(stderr).toBe('')
  })
})

/** Two rounds of `show ports --watch`. */
async function watched(running: Linkspan, ...options: string[]): Promise<string[]> {
  const words = ['show', 'ports', '--watch', ...options, '--socket', running.socket]
  const watch = start([...command, ...words])
  await until('two rounds', () => watch.stdout.match(/\blate\b/g)?.length === 2)
  watch.kill('SIGINT')
  await watch.end()
  return watch.stdout.trim().split('\n')
}

describe('the control socket', () => {
  test('is for its owner only', async () => {
    const { config } = lab(1)
    const running = await up(config)
    expect(statSync(running.socket).mode & 0o777).toBe(0o600)
  })

  test('is for a group, where the config says so', async () => {
    const { config } = lab(1)
    const [name, , gid] = readFileSync('/etc/group', 'utf8').split('\n').at(1)?.split(':') ?? []
    const running = await up({ ...config, control: { group: name, mode: '0660' } })
    const { mode, gid: found } = statSync(running.socket)
    expect({ mode: mode & 0o777, gid: found }).toEqual({ mode: 0o660, gid: Number(gid) })
  })

  test('is at LINKSPAN_SOCKET unless told otherwise', async () => {
    const { config } = lab(1)
    const running = await up(config)
    const env = { LINKSPAN_SOCKET: running.socket }
    const { status, stdout } = await run([...command, 'show', 'ports'], { env })
    expect(status).toBe(0)
    expect(stdout).toContain('eth0')
  })
})

test('`up` says what is running and how to look at it', async () => {
  const { running, a } = await busy()
  const { stdout } = running.program
  expect(stdout).toContain(`is running: 2 bridges, 3 ports, 1 workers, pid ${running.pid}`)
  expect(stdout).toContain(`  a: eth0 in ${a.netns} on lan, up\n`)
  expect(stdout).toContain(
    `control socket ${running.socket}; look with "linkspan show ports --watch"`,
  )
})
