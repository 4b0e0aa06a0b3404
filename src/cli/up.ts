/** `linkspan up`: runs a switch in the foreground until it is told to stop. */
import { spawn } from 'node:child_process'
import { basename, dirname } from 'node:path'
import { isUplinkBridge } from '../config/uplink-port.js'
import { RunningSwitch } from '../control/running.js'
import { claimSocket, socketGuard } from '../control/socket.js'
import { readConfig } from './config-file.js'
import type { LogOptions } from './log.js'
import { Reload } from './reload.js'
import { type Target, targetSocket } from './target.js'
import { version } from './version.js'

export interface UpOptions extends Target, LogOptions {
  config?: string
}

export async function up(options: UpOptions): Promise<void> {
  const config = readConfig(options.config)
  const socket =
    options.socket || options.name || process.env.LINKSPAN_SOCKET
      ? targetSocket(options)
      : (config.control.socket ?? targetSocket(options))
  claimSocket(socket)
  const guard = socketGuard(config.control)
  const stop = stopSignal()
  const reload = new Reload()
  const casualties = { directory: dirname(socket), name: basename(socket, '.sock') }
  const running = await RunningSwitch.start(config, { casualties })
  try {
    // The daemon's packages load while frames are forwarded already.
    const [{ serve }, { logEvents, openLog }] = await Promise.all([
      import('../control/server.js'),
      import('./log.js'),
    ])
    const log = openLog(options)
    const stopLog = logEvents(running, log)
    reload.serve(running, options.config, log)
    const server = await serve(running, { socket, guard, version, onStop: stop.now })
    announce(running, socket)
    tellSystemd()
    log.info({ reason: await stop.requested }, 'stopping')
    await running.recordings.finish()
    await server.close()
    stopLog()
  } finally {
    await running.close()
  }
}

/** The first of SIGINT, SIGTERM or a call; a second signal ends the process where it stands. */
function stopSignal(): { requested: Promise<string>; now: () => void } {
  let now: (reason: string) => void = () => {}
  const requested = new Promise<string>((resolve) => {
    now = resolve
  })
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      process.once(signal, () => process.exit(1))
      now(signal)
    })
  }
  return { requested, now: () => now('linkspan down') }
}

function announce(running: RunningSwitch, socket: string): void {
  const ports = [...running.ports.values()]
  const bridges = Object.keys(running.config.bridges).length
  const states = ports.map((port) => {
    const error = port.error === undefined ? '' : `: ${port.error}`
    const { bridge } = port.config
    const where = isUplinkBridge(bridge) ? ', an uplink' : ` on ${bridge}`
    return `  ${port.name}: ${port.place.label}${where}, ${port.state}${error}`
  })
  const shown =
    states.length > 20 ? [...states.slice(0, 20), `  … ${states.length - 20} more`] : states
  console.log(
    [
      `linkspan ${version} is running: ${bridges} bridges, ${ports.length} ports, ${running.workers.length} workers, pid ${process.pid}`,
      ...shown,
      `control socket ${socket}; look with "linkspan show ports --watch" or "linkspan show fdb", stop with Ctrl-C or "linkspan down"`,
    ].join('\n'),
  )
}

/** sd_notify(3) by its command, since Node has no datagram sockets of the Unix kind. */
function tellSystemd(): void {
  if (!process.env.NOTIFY_SOCKET) return
  const child = spawn('systemd-notify', ['--ready', `--pid=${process.pid}`], { stdio: 'ignore' })
  child.on('error', () => {}) // a notify socket without systemd's tools: nobody to tell
}
