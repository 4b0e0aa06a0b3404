/** The overlay as data: its tunnels, and the sockets of the underlay that they leave by. */
import type * as z from 'zod'
import { checkVtep } from '../config/vtep.js'
import type { TunnelPlan } from '../dataplane/overlay.js'
import { UdpDevice } from '../device/udp.js'
import { LinkspanError } from '../error.js'
import type { tunnelAnswer, underlayAnswer } from './api/overlay.js'
import type { Port } from './port.js'
import type { RunningSwitch } from './running.js'

export type TunnelView = z.output<typeof tunnelAnswer>
export type UnderlayView = z.output<typeof underlayAnswer>

/** What is left out is no condition. */
export interface TunnelScope {
  bridge?: string | undefined
  vtep?: string | undefined
}

/**
 * The names of the tunnels to a VTEP, of a bridge or of all.
 *
 * @throws NOT_FOUND where there is none
 */
export function tunnelsTo({ topology }: RunningSwitch, text: string, bridge?: string): string[] {
  const vtep = checkVtep(text)
  const found = [...topology.overlay.tunnels].filter(([, plan]) => {
    return plan.settings.remote === vtep && (bridge === undefined || plan.bridge === bridge)
  })
  if (found.length > 0) return found.map(([name]) => name)
  const of = bridge === undefined ? '' : ` of bridge "${bridge}"`
  const message = `there is no tunnel${of} to VTEP "${vtep}"; "linkspan show tunnels" lists them`
  throw new LinkspanError('NOT_FOUND', message)
}

/** VTEPs that bridges have tunnels to. */
export function peersByBridge({ topology }: RunningSwitch): Map<string, string[]> {
  const peers = new Map<string, string[]>()
  for (const { bridge, settings } of topology.overlay.tunnels.values()) {
    const known = peers.get(bridge)
    if (known === undefined) peers.set(bridge, [settings.remote])
    else known.push(settings.remote)
  }
  return peers
}

/** @throws NOT_FOUND for unknown names */
export function tunnelViews(running: RunningSwitch, { bridge, vtep }: TunnelScope): TunnelView[] {
  if (bridge !== undefined) running.topology.bridge(bridge)
  const named = vtep === undefined ? undefined : new Set(tunnelsTo(running, vtep, bridge))
  const wanted = [...running.topology.overlay.tunnels].filter(([name, plan]) => {
    return (bridge === undefined || plan.bridge === bridge) && (named?.has(name) ?? true)
  })
  const entries = wanted.length === 0 ? NONE : entriesByPort(running)
  return wanted.map(([name, plan]) => viewOf(running, name, plan, entries.get(name) ?? 0))
}

const NONE: ReadonlyMap<string, number> = new Map()

/** MACs behind each, learnt or static. */
function entriesByPort(running: RunningSwitch): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const { port } of running.topology.entries.list(running.now())) {
    counts.set(port, (counts.get(port) ?? 0) + 1)
  }
  return counts
}

function viewOf(
  running: RunningSwitch,
  name: string,
  { bridge, mtu, learning, settings }: TunnelPlan,
  entries: number,
): TunnelView {
  const counters = running.topology.counters(name)
  const { vni, remote: vtep, local, port } = settings
  return {
    name,
    bridge,
    vni,
    vtep,
    local,
    port,
    ...tunnelState(running, settings),
    mtu,
    pathMtu: running.overlay.pathMtu(vtep) ?? null,
    learning,
    rx: { frames: counters.rxFrames, bytes: counters.rxBytes, drops: counters.rxDrops },
    tx: { frames: counters.txFrames, bytes: counters.txBytes, drops: counters.txDrops },
    entries,
    errors: { ...running.overlay.errorsOf(vtep) },
  }
}

/** A tunnel is what the socket is that it leaves by. */
export function tunnelState(
  { ports }: Pick<RunningSwitch, 'ports'>,
  { underlay }: TunnelPlan['settings'],
): Pick<TunnelView, 'state' | 'error'> {
  const socket = ports.get(underlay)
  if (socket === undefined) return { state: 'down', error: 'its socket is not there' }
  return { state: socket.state, error: socket.error ?? null }
}

/** The sockets of the underlay. */
export function underlayViews({ ports }: RunningSwitch): UnderlayView[] {
  return [...ports.values()].flatMap((port) => {
    const { device } = port.config
    return device.type === 'udp' ? [socketView(port, device)] : []
  })
}

/** The kernel's side is null while there is no socket. */
function socketView(
  port: Port,
  config: { address: string; port: number; netns?: string | undefined },
) {
  const device = port.device instanceof UdpDevice ? port.device : undefined
  const counters = port.counters()
  return {
    name: port.name,
    address: config.address,
    port: config.port,
    netns: config.netns ?? null,
    state: port.state,
    error: port.error ?? null,
    mtu: device?.mtu() ?? null,
    sourcePorts: device ? { first: device.sourcePort, count: device.sourcePorts } : null,
    rx: { frames: counters.rxFrames, bytes: counters.rxBytes, drops: counters.rxDrops },
    tx: { frames: counters.txFrames, bytes: counters.txBytes, drops: counters.txDrops },
    kernel: device ? device.statistics() : null,
  }
}
