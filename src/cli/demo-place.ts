/**
 * Where the demo can run: here, with the privileges of an administrator; in a user namespace, where
 * anybody is one; or nowhere, and why.
 */
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { constants } from 'node:os'
import { loadNative } from '../device/native.js'
import { environment } from './demo-lab.js'

export type Place =
  | { kind: 'here' }
  /** To be run again by {@link runInside}. */
  | { kind: 'inside' }
  | { kind: 'nowhere'; why: string }

/** Set in the process that runs in the namespaces. */
const MARK = 'LINKSPAN_DEMO_INSIDE'

/** Bits of CapEff (linux/capability.h). */
const CAP_NET_ADMIN = 12n
const CAP_SYS_ADMIN = 21n

/** A network, and mounts, of our own: `ip netns` keeps its names as mounts below /run. */
const NAMESPACES = ['--user', '--map-root-user', '--net', '--mount']

export const isInside = process.env[MARK] !== undefined

export function findPlace(): Place {
  const why = deviceProblem() ?? commandProblem('ip', '-V') ?? commandProblem('nsenter', '-V')
  if (why) return { kind: 'nowhere', why }
  if (isInside) return afterwards(runDirectoryProblem(), 'here')
  if (isAdministrator()) return { kind: 'here' }
  return afterwards(namespaceProblem(), 'inside')
}

function afterwards(why: string | undefined, kind: 'here' | 'inside'): Place {
  return why ? { kind: 'nowhere', why } : { kind }
}

function deviceProblem(): string | undefined {
  try {
    loadNative().tapFeatures()
    return undefined
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'ENOSYS') return message
    const advice: Record<string, string> = {
      ENOENT: 'load the kernel module "tun", or hand the device to this container',
      ENODEV: 'load the kernel module "tun"',
      EACCES: 'run as root',
      EPERM: 'run as root, in a container that may use it',
    }
    return `/dev/net/tun cannot be used: ${message}${code && advice[code] ? `: ${advice[code]}` : ''}`
  }
}

function commandProblem(command: string, ...args: string[]): string | undefined {
  const { error } = spawnSync(command, args, { env: environment })
  const packages: Record<string, string> = { ip: 'iproute2', nsenter: 'util-linux' }
  return error && `the command "${command}" cannot be run: install ${packages[command]}`
}

/** May make interfaces and namespaces. A root without these, as in a container, may not. */
function isAdministrator(): boolean {
  const [, bits] = /^CapEff:\s*([0-9a-f]+)/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? []
  const effective = BigInt(`0x${bits ?? 0}`)
  return [CAP_NET_ADMIN, CAP_SYS_ADMIN].every((bit) => (effective >> bit) & 1n)
}

function namespaceProblem(): string | undefined {
  const options = { env: environment, encoding: 'utf8' } as const
  const { status, error, stderr } = spawnSync('unshare', [...NAMESPACES, 'true'], options)
  if (status === 0) return undefined
  return `only root may build the lab, and no user namespace can be made either: ${error?.message ?? stderr.trim()}`
}

/** Makes room for the names of namespaces, which are root's business outside. */
function runDirectoryProblem(): string | undefined {
  // No more is hidden than needed: on some systems all commands are found below /run.
  const directory = existsSync('/run/netns') ? '/run/netns' : '/run'
  const args = ['-t', 'tmpfs', 'linkspan-demo', directory]
  const { status, error, stderr } = spawnSync('mount', args, { env: environment, encoding: 'utf8' })
  if (status === 0) return commandProblem('ip', '-V')
  return `in the user namespace ${directory} cannot be mounted: ${error?.message ?? stderr.trim()}`
}

/** Runs this command line again inside namespaces of its own; resolves with its exit status. */
export function runInside(): Promise<number> {
  const again = [process.execPath, ...process.execArgv, ...process.argv.slice(1)]
  // Without --fork unshare becomes the new process, so that a signal sent to the child reaches it.
  const child = spawn('unshare', [...NAMESPACES, '--', ...again], {
    stdio: 'inherit',
    env: { ...environment, [MARK]: '1' },
  })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => child.kill(signal))
  }
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code, signal) =>
      resolve(code ?? 128 + (signal ? constants.signals[signal] : 0)),
    )
  })
}
