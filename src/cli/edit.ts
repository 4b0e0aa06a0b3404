/** Commands that change a running switch: `fdb`, `bridge`, `down`. */
import { existsSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { LinkspanError } from '../error.js'
import { call } from './client.js'
import { mirrorOf, said } from './policy-options.js'
import { type Target, targetSocket } from './target.js'

export async function fdbAdd(
  bridge: string,
  mac: string,
  port: string | undefined,
  options: Target & { dynamic?: boolean; vlan?: number; vtep?: string },
): Promise<void> {
  const { vlan, dynamic, vtep } = options
  if ((port === undefined) === (vtep === undefined)) {
    throw new LinkspanError('USAGE', 'say either a port or, for one behind a tunnel, --vtep')
  }
  await call(options, 'POST', '/v1/fdb', { bridge, vlan, mac, port, vtep, static: !dynamic })
}

export async function fdbDelete(
  bridge: string,
  mac: string,
  options: Target & { vlan?: number },
): Promise<void> {
  await call(options, 'POST', '/v1/fdb/delete', { bridge, vlan: options.vlan, mac })
}

export async function fdbFlush(
  options: Target & { bridge?: string; vlan?: number; port?: string; vtep?: string },
): Promise<void> {
  const { bridge, vlan, port, vtep } = options
  await call(options, 'POST', '/v1/fdb/flush', { bridge, vlan, port, vtep })
}

export async function flowDelete(
  options: Target & {
    protocol?: string
    state?: string
    address?: string
    port?: number
    all?: boolean
  },
): Promise<void> {
  const { protocol, state, address, port, all } = options
  const scope = { protocol, state, address, port, all }
  const { deleted } = await call<{ deleted: number }>(options, 'POST', '/v1/flows/delete', scope)
  console.log(`${deleted} flows ended`)
}

export async function publishAdd(
  name: string,
  listen: string,
  to: string,
  options: Target & { protocol: string },
): Promise<void> {
  const protocol = options.protocol.split(',')
  await call(options, 'POST', '/v1/publish', { name, listen, to: [to], protocol })
}

export async function publishDelete(name: string, options: Target): Promise<void> {
  await call(options, 'DELETE', `/v1/publish/${encodeURIComponent(name)}`)
}

export interface BridgeOptions extends Target {
  ageing?: number
  mtu?: number | 'none'
  vlanAware?: boolean
  vlanProtocol?: string
  isolated?: boolean
  controlFrames?: string[]
  gateway?: string[] | 'none'
  gatewayVlan?: number
  mirror?: string
  mirrorFile?: string
  mirrorDirection?: string
}

export async function bridgeAdd(name: string, options: BridgeOptions): Promise<void> {
  const given = Object.entries(bridgeOf(options)).filter(([, value]) => value !== null)
  await call(options, 'POST', '/v1/bridges', { name, bridge: Object.fromEntries(given) })
}

export async function bridgeSet(name: string, options: BridgeOptions): Promise<void> {
  const bridge = bridgeOf(options)
  if (Object.keys(bridge).length === 0) {
    throw new LinkspanError('USAGE', 'nothing to set: say what, as in --ageing 60s')
  }
  await call(options, 'PATCH', `/v1/bridges/${encodeURIComponent(name)}`, { bridge })
}

function bridgeOf(options: BridgeOptions): Record<string, unknown> {
  const { ageing, mtu, vlanAware, vlanProtocol, isolated, controlFrames } = options
  const settings = { ageing, mtu, vlanAware, vlanProtocol, isolated, controlFrames }
  return { ...said(settings), ...gatewayOf(options), ...mirrorOf(options) }
}

function gatewayOf({ gateway, gatewayVlan: vlan }: BridgeOptions): Record<string, unknown> {
  if (gateway === undefined && vlan === undefined) return {}
  if (gateway === 'none') return { gateway: null }
  return {
    gateway: { ...(gateway && { addresses: gateway }), ...(vlan !== undefined && { vlan }) },
  }
}

export async function bridgeDelete(name: string, options: Target): Promise<void> {
  await call(options, 'DELETE', `/v1/bridges/${encodeURIComponent(name)}`)
}

/** How long `down` waits for the switch to be gone. */
const DOWN_MAX = 10_000

/** Stops a switch and returns when its process has ended: its interfaces are gone then. */
export async function down(options: Target): Promise<void> {
  const { pid } = await call<{ pid: number }>(options, 'POST', '/v1/stop')
  const socket = targetSocket(options)
  const until = performance.now() + DOWN_MAX
  while (existsSync(socket) || isAlive(pid)) {
    if (performance.now() > until) {
      throw new LinkspanError('BUSY', `the switch (pid ${pid}) has not ended in 10 s`)
    }
    await sleep(20)
  }
}

/** A process that ended and was not yet waited for by its parent does not count. */
function isAlive(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return !/^\) [ZX]/.test(stat.slice(stat.lastIndexOf(')')))
  } catch {
    return false
  }
}
