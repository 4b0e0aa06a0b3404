/** From a plan (config/diff.ts) to the steps that carry it out on a running switch. */
import type { Change } from '../config/diff.js'
import { filterRules } from '../config/filter-rules.js'
import { UNDERLAY_BRIDGE } from '../config/overlay-names.js'
import { same } from '../config/plain.js'
import { type RouterSettings, routerSettings } from '../config/router-settings.js'
import { atPort, type PortEntry } from '../config/static-entry.js'
import type { Config, Port as PortConfig } from '../config/types.js'
import { underlayPorts } from '../config/underlay-port.js'
import { UPLINK_BRIDGE, uplinkBridge, uplinkPort } from '../config/uplink-port.js'
import { bridgeSettings } from '../dataplane/bridge-settings.js'
import type { Fdb } from '../dataplane/fdb.js'
import { setRouter } from '../dataplane/routing.js'
import type { Device } from '../device/device.js'
import { closeDevices } from '../device/open.js'
import { LinkspanError } from '../error.js'
import type { OverlayControl } from './overlay.js'
import { type Origin, Port, type PortHost } from './port.js'
import { changePort, keepsDevice } from './port-change.js'
import { resourcesOf } from './resource.js'
import type { Step } from './transaction.js'

export interface Switch {
  readonly host: PortHost
  readonly fdb: Fdb
  readonly ports: Map<string, Port>
  readonly overlay: OverlayControl
}

interface PortStep {
  name: string
  from?: PortConfig
  to?: PortConfig
}

/** A change of configs and what differs between them. */
export interface Plan {
  readonly from: Config
  readonly to: Config
  readonly changes: readonly Change[]
}

/**
 * Steps in the order in which they are prepared and staged. Static entries go before the ports and VLANs
 * that they are of; ports and bridges go last, so that a port is never on a bridge that is not there, and
 * since nothing that may fail comes after them: they have no way back. What takes an interface (or a
 * route) from a port that goes is opened after all other ports, since that one has to let go of it first.
 */
export function stepsFor(at: Switch, plan: Plan, originOf: (port: string) => Origin): Step[] {
  const tunnels = at.overlay.steps(plan.from, plan.to)
  const changes = [...plan.changes.flatMap(withoutUplinks), ...underlayChanges(plan.from, plan.to)]
  const { removed, changed, added } = sortPorts(changes)
  const inPlace = changed.filter(({ name, to }) => keepsDevice(portOf(at, name), to as PortConfig))
  const exchanged = changed.filter((step) => !inPlace.includes(step))
  const opening = [...added, ...exchanged]
  const given = new Set([...removed, ...changed].flatMap(({ from }) => resourcesOf(from)))
  const needs = ({ to }: PortStep) => resourcesOf(to).filter((resource) => given.has(resource))
  const late = opening.filter((step) => needs(step).length > 0)
  const wanted = new Set(late.flatMap(needs))
  const inTheWay = [...removed, ...exchanged].filter(({ from }) =>
    resourcesOf(from).some((resource) => wanted.has(resource)),
  )
  const open = (step: PortStep) =>
    added.includes(step) ? addition(at, step, originOf(step.name)) : change(at, step)
  return [
    ...fdbSteps(at, changes, 'remove'),
    ...bridgeSteps(at, changes, ['add', 'update']),
    ...opening.filter((step) => !late.includes(step)).map(open),
    ...inPlace.map((step) => change(at, step)),
    ...inTheWay.map(({ name }) => suspension(portOf(at, name))),
    ...late.map(open),
    ...tunnels.come,
    ...fdbSteps(at, changes, 'add'),
    routing(at, routerSettings(plan.from), routerSettings(plan.to)),
    translating(at, plan),
    ...filtering(at, plan),
    { stage: () => at.host.topology.rehearse() },
    ...tunnels.go,
    removal(
      at,
      removed.map(({ name }) => portOf(at, name)),
    ),
    ...bridgeSteps(at, changes, ['remove']),
  ]
}

/** An uplink is a port, and a bridge that the port is alone on. */
function withoutUplinks(change: Change): Change[] {
  if (!('object' in change) || change.object !== 'uplink') return [change]
  const { name } = change
  const [object, bridge] = ['port', uplinkBridge(name)] as const
  if (change.op === 'add') {
    const to = uplinkPort(name, change.to)
    const port: Change = { op: 'add', object, name, to, replace: change.replace }
    const own: Change = { op: 'add', object: 'bridge', name: bridge, to: UPLINK_BRIDGE }
    return change.replace ? [port] : [own, port]
  }
  const from = uplinkPort(name, change.from)
  if (change.op === 'remove') {
    const port: Change = { op: 'remove', object, name, from, replace: change.replace }
    const own: Change = { op: 'remove', object: 'bridge', name: bridge, from: UPLINK_BRIDGE }
    return change.replace ? [port] : [port, own]
  }
  const to = uplinkPort(name, change.to)
  // Its addresses and routes are the router's business.
  if (same(from, to)) return []
  return [{ op: 'update', object, name, from, to, parts: ['device', 'up'] }]
}

/** The sockets of the underlay are ports, together on a bridge of their own. */
function underlayChanges(from: Config, to: Config): Change[] {
  const [before, after] = [underlayPorts(from), underlayPorts(to)]
  const gone = Object.entries(before).filter(([name, port]) => !same(port, after[name]))
  const come = Object.entries(after).filter(([name, port]) => !same(port, before[name]))
  const object = 'port'
  const isReplaced = (name: string) => name in before && name in after
  const own = { object: 'bridge', name: UNDERLAY_BRIDGE } as const
  const [had, has] = [Object.keys(before).length > 0, Object.keys(after).length > 0]
  return [
    ...(has && !had ? [{ op: 'add' as const, ...own, to: UPLINK_BRIDGE }] : []),
    ...gone.map(([name, port]): Change => {
      return { op: 'remove', object, name, from: port, replace: isReplaced(name) }
    }),
    ...come.map(([name, port]): Change => {
      return { op: 'add', object, name, to: port, replace: isReplaced(name) }
    }),
    ...(had && !has ? [{ op: 'remove' as const, ...own, from: UPLINK_BRIDGE }] : []),
  ]
}

/** This, translation and rules may find no room, which has to be known before ports and bridges go. */
function routing({ host }: Switch, from: RouterSettings, to: RouterSettings): Step {
  const { router } = host.topology
  return {
    stage: () => setRouter(router, from, to),
    unstage: () => setRouter(router, to, from),
  }
}

function translating({ host }: Switch, { from, to }: Plan): Step {
  if (same([from.nat, from.publish], [to.nat, to.publish])) return {}
  const { translation } = host.topology
  return {
    stage: () => translation.set(to.nat, to.publish),
    unstage: () => translation.set(from.nat, from.publish),
  }
}

function filtering({ host }: Switch, { from, to }: Plan): Step[] {
  const [before, after] = [filterRules(from), filterRules(to)]
  if (same(before, after)) return []
  const { topology } = host
  return [
    {
      stage: () => {
        try {
          topology.setRules(after)
        } catch (error) {
          topology.setRules(before)
          throw error
        }
      },
      unstage: () => topology.setRules(before),
    },
  ]
}

/** A port whose device is replaced is a change here: it keeps its number and its counters. */
function sortPorts(changes: readonly Change[]) {
  const ports = changes.filter((change) => 'object' in change && change.object === 'port')
  const of = (op: string) => ports.filter((port) => port.op === op) as unknown as PortStep[]
  const [gone, come] = [of('remove'), of('add')]
  const replaced = come.flatMap(({ name, to }) => {
    const old = gone.find((port) => port.name === name)
    return old ? [{ name, from: old.from, to }] : []
  })
  const isReplaced = ({ name }: PortStep) => replaced.some((port) => port.name === name)
  return {
    removed: gone.filter((port) => !isReplaced(port)),
    added: come.filter((port) => !isReplaced(port)),
    changed: [...of('update'), ...replaced] as PortStep[],
  }
}

function portOf({ ports }: Switch, name: string): Port {
  const port = ports.get(name)
  if (port) return port
  throw new LinkspanError('NOT_FOUND', `there is no port "${name}"`)
}

function change(at: Switch, { name, to }: PortStep): Step {
  return changePort(portOf(at, name), to as PortConfig)
}

/** In the topology, but down, from when it is prepared; it forwards with the commit. */
function addition({ host, ports }: Switch, { name, to }: PortStep, origin: Origin): Step {
  let port: Port | undefined
  return {
    prepare: async () => {
      const made = new Port(host, name, to as PortConfig, origin, true)
      try {
        made.open()
        made.join()
      } catch (error) {
        await made.close()
        throw error
      }
      port = made
    },
    undo: () => port?.close(),
    stage: () => {
      ports.set(name, port as Port)
      port?.release()
    },
    unstage: () => void ports.delete(name),
  }
}

/** The port lets go of its device before others are opened, and gets it back if they cannot be. */
function suspension(port: Port): Step {
  const had = port.device !== undefined
  return {
    prepare: () => port.suspend(),
    undo: () => {
      if (had) port.resume()
    },
  }
}

/** All ports that go, together: the kernel takes as long to delete one interface as many. */
function removal({ host, ports }: Switch, gone: readonly Port[]): Step {
  let devices: Device[] = []
  return {
    stage: () => {
      for (const { name } of gone) ports.delete(name)
      devices = gone.flatMap((port) => port.remove() ?? [])
    },
    finish: async () => {
      if (gone.length === 0) return
      await host.settle()
      try {
        closeDevices(devices)
      } finally {
        await Promise.all(gone.map((port) => port.close()))
      }
    },
  }
}

function bridgeSteps(at: Switch, changes: readonly Change[], ops: readonly string[]): Step[] {
  return changes.flatMap((change) => {
    if (!('object' in change) || change.object !== 'bridge' || !ops.includes(change.op)) return []
    return [bridgeStep(at, change)]
  })
}

function bridgeStep({ host }: Switch, change: Extract<Change, { object: 'bridge' }>): Step {
  const { topology } = host
  const { name } = change
  if (change.op === 'add') {
    return {
      prepare: () => topology.addBridge(name, bridgeSettings(change.to)),
      undo: () => topology.removeBridge(name),
    }
  }
  if (change.op === 'remove') return { stage: () => topology.removeBridge(name) }
  return {
    stage: () => topology.setBridge(name, bridgeSettings(change.to)),
    unstage: () => topology.setBridge(name, bridgeSettings(change.from)),
  }
}

function fdbSteps({ fdb }: Switch, changes: readonly Change[], op: 'add' | 'remove'): Step[] {
  const entries = changes.flatMap((change) => {
    if (!('object' in change) || change.object !== 'fdb' || change.op !== op) return []
    return [change.op === 'add' ? change.to : change.from].map(atPort)
  })
  const add = (entry: PortEntry) => fdb.add(entry)
  const remove = (entry: PortEntry) => forget(fdb, entry)
  const [stage, unstage] = op === 'add' ? [add, remove] : [remove, add]
  return entries.map((entry) => ({ stage: () => stage(entry), unstage: () => unstage(entry) }))
}

/** Removes an entry, unless somebody did before. */
function forget(fdb: Fdb, entry: PortEntry): void {
  try {
    fdb.delete(entry)
  } catch (error) {
    if ((error as { code?: string }).code !== 'NOT_FOUND') throw error
  }
}
