/** Commands that change a running switch: `fdb`, `port`, `bridge`, `down`. */
import { existsSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { PortView } from '../control/view.js'
import { LinkspanError } from '../error.js'
import { call, type Target, targetSocket } from './client.js'

export async function fdbAdd(
  bridge: string,
  mac: string,
  port: string,
  options: Target & { dynamic?: boolean },
): Promise<void> {
  await call(options, 'POST', '/v1/fdb', { bridge, mac, port, static: !options.dynamic })
}

export async function fdbDelete(bridge: string, mac: string, options: Target): Promise<void> {
  await call(options, 'POST', '/v1/fdb/delete', { bridge, mac })
}

export async function fdbFlush(
  options: Target & { bridge?: string; port?: string },
): Promise<void> {
  const { bridge, port } = options
  await call(options, 'POST', '/v1/fdb/flush', { bridge, port })
}

export interface PortAddOptions extends Target {
  bridge: string
  ifname?: string
  netns?: string
  mac?: string
  mtu?: number
  address?: string[]
  attach?: boolean
  wait?: boolean
}

/** Adds a port with a TAP device; the interface is called like the port unless told otherwise. */
export async function portAdd(name: string, options: PortAddOptions): Promise<void> {
  const { bridge, ifname, netns, mac, mtu, address, attach, wait } = options
  const device = {
    type: 'tap',
    name: ifname ?? name,
    ...(netns !== undefined && { netns }),
    ...(mac !== undefined && { mac }),
    ...(mtu !== undefined && { mtu }),
    ...(address !== undefined && { addresses: address }),
    ...(attach && { create: false }),
    ...(wait && { missing: 'wait' }),
  }
  const port = await call<PortView>(options, 'POST', '/v1/ports', {
    name,
    port: { bridge, device },
  })
  if (port.state === 'waiting') console.log(`port ${name} is waiting: ${port.error}`)
}

export async function portDelete(name: string, options: Target): Promise<void> {
  await call(options, 'DELETE', `/v1/ports/${encodeURIComponent(name)}`)
}

export async function bridgeAdd(
  name: string,
  options: Target & { ageing?: string; mtu?: number },
): Promise<void> {
  const { ageing, mtu } = options
  const bridge = { ...(ageing !== undefined && { ageing }), ...(mtu !== undefined && { mtu }) }
  await call(options, 'POST', '/v1/bridges', { name, bridge })
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
