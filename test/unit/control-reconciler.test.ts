/** What a change tells when it is in force, and something it took out does not go. */
import { afterEach, expect, test, vi } from 'vitest'
import { parseConfig } from '../../src/config/parse.js'
import type { ConfigInput } from '../../src/config/types.js'
import { Port } from '../../src/control/port.js'
import { Readers } from '../../src/control/readers.js'
import { Reconciler, type ReconcilerHost } from '../../src/control/reconciler.js'
import { Captures } from '../../src/dataplane/captures.js'
import { Fdb } from '../../src/dataplane/fdb.js'
import { createMemory } from '../../src/dataplane/instance.js'
import { Manager } from '../../src/dataplane/manager.js'
import { Topology } from '../../src/dataplane/topology.js'
import { Detours } from '../../src/detour/detours.js'
import type { Device } from '../../src/device/device.js'
import { closeDevices } from '../../src/device/open.js'
import { moduleOf } from '../support/builds.js'

const bridges = { lan: {} }
const device = { type: 'unix', path: '/nowhere/there.sock', missing: 'wait' } as const
const withPort: ConfigInput = { bridges, ports: { vm: { bridge: 'lan', device } } }

/** A switch without workers; `leftovers` is what its log has of them, `rolledBack` of going back. */
function setUp(input: ConfigInput) {
  const { capacity, ...config } = parseConfig(input)
  const module = moduleOf('single')
  const memory = createMemory(module, 'single', { workers: 1, ...capacity }, [0, 0])
  const manager = new Manager({ module, memory }, 1)
  const topology = new Topology(manager, capacity)
  const leftovers: string[] = []
  const host: ReconcilerHost = {
    ...{ manager, topology, pollers: [], readers: new Readers([]), now: () => 0 },
    workerStep: () => ({}),
    detours: new Detours(1, (why) => expect.unreachable(why)),
    captures: new Captures(manager.exports, memory, 1),
    settle: async () => void topology.flush(),
    report: () => {},
    reportMirror: () => {},
    followed: () => {},
    reportLeftover: (why) => void leftovers.push(why),
  }
  const rolledBack = vi.fn()
  const fdb = new Fdb(topology, () => 0)
  const reconciler = new Reconciler(host, fdb, { capacity, ...config }, rolledBack)
  reconciler.start()
  return { reconciler, topology, leftovers, rolledBack }
}

/** Fails to close; counts the attempts. */
function stubborn(why: string) {
  const close = vi.fn(() => {
    throw new Error(why)
  })
  return { close, device: { queues: [], close } as unknown as Device }
}

afterEach(() => void vi.restoreAllMocks())

test('a device that cannot be closed is a warning of a config that is in force, and still to be confirmed', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] })
  try {
    const { reconciler, topology, leftovers, rolledBack } = setUp(withPort)
    vi.spyOn(Port.prototype, 'takeDevice').mockReturnValueOnce(stubborn('it is stuck').device)
    const applied = await reconciler.apply(parseConfig({ bridges }), { confirm: 60_000 })
    expect(applied).toMatchObject({ warnings: ['it is stuck'], confirmBy: reconciler.confirmBy })
    expect(applied.confirmBy).toEqual(new Date(Date.now() + 60_000))
    expect(leftovers).toEqual(['it is stuck'])
    expect(reconciler.config.ports).toEqual({})
    expect([...topology.ports.keys()]).toEqual([])

    vi.advanceTimersByTime(60_000)
    await vi.waitFor(() => expect(rolledBack).toHaveBeenCalledOnce())
    expect(rolledBack.mock.lastCall).toMatchObject([{ changes: [{ op: 'add', name: 'vm' }] }])
    expect([...topology.ports.keys()]).toEqual(['vm'])
  } finally {
    vi.useRealTimers()
  }
})

test('so it is when a port is removed by hand', async () => {
  const { reconciler, leftovers } = setUp(withPort)
  vi.spyOn(Port.prototype, 'takeDevice').mockReturnValueOnce(stubborn('it is stuck').device)
  await reconciler.edits.removePort('vm')
  expect(reconciler.config.ports).toEqual({})
  expect(leftovers).toEqual(['it is stuck'])
})

const many = Array.from({ length: 100 }, (_, n) => 1000 + 2 * n)
const hosts = Array.from({ length: 5 }, (_, n) => `203.0.113.${10 + n}`)
const rooms: [string, Partial<ConfigInput>][] = [
  ['rules', { filter: [{ name: 'a', action: 'deny', protocol: 'tcp', destinationPort: many }] }],
  [
    'sources',
    { nat: [{ type: 'masquerade', from: { bridge: 'lan' }, uplink: 'wan', source: hosts }] },
  ],
]

test.each(rooms)(
  'a change that finds no room for %s leaves the ports that were to go',
  async (_, more) => {
    const outer = { type: 'unix', path: '/nowhere/outer.sock', missing: 'wait' } as const
    const base: ConfigInput = {
      bridges: { lan: { gateway: { addresses: ['10.55.0.1/24'], advertise: false } } },
      uplinks: { wan: { device: outer, addresses: hosts.map((host) => `${host}/24`) } },
      capacity: { rules: 1, flows: 1, flows6: 1 },
    }
    const { reconciler, topology } = setUp({ ...withPort, ...base })
    const before = { ports: [...topology.ports.keys()], config: reconciler.config }
    const wanted = parseConfig({ ...base, ...more })
    await expect(reconciler.apply(wanted)).rejects.toMatchObject({ code: 'LIMIT' })
    expect({ ports: [...topology.ports.keys()], config: reconciler.config }).toEqual(before)
    expect([...reconciler.ports.keys()].sort()).toEqual(['vm', 'wan'])
    expect((await reconciler.apply(parseConfig(base))).changes).toMatchObject([{ name: 'vm' }])
  },
)

test('a device that cannot be closed keeps no other from it', () => {
  const [one, other] = [stubborn('it is stuck'), stubborn('so is it')]
  const last = { close: vi.fn() }
  const all = [one.device, other.device, last as unknown as Device]
  expect(() => closeDevices(all)).toThrow('it is stuck; so is it')
  expect(last.close).toHaveBeenCalledOnce()
})
