/** The demo as it is shipped: what it shows, how it ends, and that it leaves nothing behind. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, test } from 'vitest'
import { call } from '../../src/cli/client.js'
import { defer, ipJson, namespace, uniqueName } from './native-support.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const cli = join(root, 'dist/cli/linkspan.js')
const pairs = ['a - b', 'a - c', 'a - d', 'b - c', 'b - d', 'c - d']

interface Run {
  child: ChildProcess
  /** The network namespace that it is started in. */
  netns: string
  directory: string
  /** In the environment of all that it starts. */
  mark: string
  stdout: string
  stderr: string
}

/** Anybody may write to it. */
function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), uniqueName()))
  chmodSync(directory, 0o777)
  defer(() => rmSync(directory, { recursive: true }))
  return directory
}

/** Starts the demo in a network namespace of its own, where an interface left behind is seen. */
function start(command: readonly string[] = [process.execPath, cli, 'demo']): Run {
  const netns = namespace()
  const directory = temporaryDirectory()
  const mark = `LINKSPAN_TEST=${directory}`
  const child = spawn('nsenter', [`--net=/run/netns/${netns}`, ...command], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, LINKSPAN_TEST: directory, TMPDIR: directory },
  })
  defer(() => child.kill('SIGKILL'))
  const run: Run = { child, netns, directory, mark, stdout: '', stderr: '' }
  child.stdout.on('data', (chunk) => {
    run.stdout += chunk
  })
  child.stderr.on('data', (chunk) => {
    run.stderr += chunk
  })
  return run
}

async function statusOf({ child }: Run): Promise<number | null> {
  const [status] = await once(child, 'close')
  return status as number | null
}

/** Resolves when the demo has printed something; rejects when it ends before. */
async function printed(run: Run, text: string): Promise<void> {
  while (!run.stdout.includes(text)) {
    if (run.child.exitCode !== null) throw new Error(`ended before "${text}": ${run.stderr}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

function environmentOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8')
  } catch {
    return '' // it ended this moment, or belongs to the kernel
  }
}

/** All that the demo could have left: namespaces, interfaces, processes, sockets. */
function leftBy({ child, netns, directory, mark }: Run) {
  const names = readdirSync('/run/netns').filter((name) => name.includes(`demo-${child.pid}-`))
  const links = ipJson<{ ifname: string }[]>(netns, 'link').map(({ ifname }) => ifname)
  const processes = readdirSync('/proc').filter((pid) => environmentOf(pid).includes(mark))
  return { names, links, processes, files: readdirSync(directory) }
}

const nothing = { names: [], links: ['lo'], processes: [], files: [] }

const hide = (file: string) => `mount --bind /dev/null "${file}"`

describe('as root', () => {
  let run: Run
  let status: number | null
  let left: ReturnType<typeof leftBy>

  beforeAll(async () => {
    run = start()
    status = await statusOf(run)
    left = leftBy(run)
  }, 60_000)

  test('it succeeds, with nothing on standard error', () => {
    expect({ status, stderr: run.stderr }).toEqual({ status: 0, stderr: '' })
  })

  test('it leaves no namespace, interface, process or file behind', () => {
    expect(left).toEqual(nothing)
  })

  test.each(pairs)('%s: pings over IPv4 and IPv6', (pair) => {
    expect(run.stdout).toMatch(new RegExp(`^${pair}  IPv4 3/3 in [\\d.]+ ms  IPv6 3/3 in `, 'm'))
  })

  test.each(['a to b  IPv4', 'b to a  IPv4', 'c to d  IPv6', 'd to c  IPv6'])(
    '%s: shows throughput while it runs and in the end',
    (stream) => {
      expect(run.stdout).toMatch(new RegExp(`^${stream}  [1-9][\\d.]* \\wbit/s now$`, 'm'))
      expect(run.stdout).toMatch(new RegExp(`^${stream}  [1-9][\\d.]* \\wbit/s  \\(`, 'm'))
    },
  )

  test('it shows the start-up time, ports, FDB, frames and drops', () => {
    expect(run.stdout).toMatch(/^started in \d+ ms/m)
    for (const [index, port] of ['a', 'b', 'c', 'd'].entries()) {
      expect(run.stdout).toMatch(new RegExp(`^lan .*02:66:00:00:00:0${index + 1}  ${port} `, 'm'))
      expect(run.stdout).toMatch(new RegExp(`^${port} +lan +eth0 +\\S+ +up `, 'm'))
    }
    expect(run.stdout).toMatch(/^\d+ frames, /m)
    expect(run.stdout).toMatch(/^dropped by the switch: .*; by the kernel: /m)
  })

  test('without a terminal there are no escape codes', () => {
    for (const code of ['\x1b', '\r']) expect(run.stdout).not.toContain(code)
  })

  test('what it says to try next works when pasted', () => {
    const [red, blue] = [uniqueName(), uniqueName()]
    const commands = run.stdout.slice(run.stdout.indexOf('ip netns add red'))
    const renamed = commands.replaceAll('red', red).replaceAll('blue', blue)
    const socket = join(temporaryDirectory(), 'socket')
    const options = { encoding: 'utf8', cwd: root, timeout: 20_000 } as const
    const env = { ...process.env, LINKSPAN_SOCKET: socket }
    const output = execFileSync('bash', ['-ec', renamed], { ...options, env, stdio: 'pipe' })
    expect(output).toMatch(/3 (packets )?received/)
    expect(output).toMatch(new RegExp(`^${red} +lan +eth0 +${red} +up`, 'm'))
    const names = readdirSync('/run/netns').filter((name) => [red, blue].includes(name))
    expect(names).toEqual([])
  })
})

describe('ended early', () => {
  test.each([
    ['SIGINT', 'The switch', 130],
    ['SIGTERM', 'a - c', 143],
    ['SIGINT', 'a to b', 130],
    ['SIGHUP', 'b to a', 129],
  ] as const)('%s after "%s" leaves nothing behind', async (signal, text, expected) => {
    const run = start()
    await printed(run, text)
    run.child.kill(signal)
    expect(await statusOf(run)).toBe(expected)
    expect(run.stdout).toContain(`Stopped by ${signal}`)
    expect(leftBy(run)).toEqual(nothing)
    expect(run.stderr).toBe('')
  })

  test('so does an output that nobody reads any more', async () => {
    const run = start()
    await printed(run, 'a - b')
    run.child.stdout?.destroy()
    expect(await statusOf(run)).toBe(141)
    expect(leftBy(run)).toEqual(nothing)
    expect(run.stderr).toBe('')
  })

  test('a ping that is lost is named, and the status is 1', async () => {
    const run = start()
    await printed(run, '--socket')
    const [, socket = ''] = /--socket (\S+)/.exec(run.stdout) ?? []
    const wrong = { bridge: 'lan', mac: '02:66:00:00:00:04', port: 'b' }
    await call({ socket }, 'POST', '/v1/fdb', wrong)
    expect(await statusOf(run)).toBe(1)
    expect(run.stderr).toMatch(
      /^linkspan: ping from \w to d over IPv[46] \(.*\): \d of 3 answered/m,
    )
    expect(leftBy(run)).toEqual(nothing)
  })

  test('an exception that nobody caught takes the lab with it', async () => {
    const bomb = `
      const write = process.stdout.write.bind(process.stdout)
      process.stdout.write = (text, ...rest) => {
        if (text.startsWith('a - b')) setImmediate(() => { throw new Error('bomb') })
        return write(text, ...rest)
      }`
    const importBomb = `--import=data:text/javascript,${encodeURIComponent(bomb)}`
    const run = start([process.execPath, importBomb, cli, 'demo'])
    expect(await statusOf(run)).not.toBe(0)
    expect(run.stderr).toContain('Error: bomb')
    // What it started is killed, and may be on its way out still.
    await expect.poll(() => leftBy(run)).toEqual(nothing)
  })
})

describe('as nobody in particular', () => {
  /** A TUN device that anybody may open, as most systems have it, in place of what is there. */
  const openDevice =
    'mount -t tmpfs none /dev/net; mknod /dev/net/tun c 10 200; chmod 666 /dev/net/tun'

  /** The demo as the user nobody, after a script of root's in a mount namespace of its own. */
  function startAsNobody(script: string): Run {
    // The checkout and Node may lie where nobody else may look, so they are mounted elsewhere.
    const place = temporaryDirectory()
    const parts = ['dist', 'native', 'node_modules'].map(
      (part) =>
        `mkdir -p ${place}/tree/${part}; mount --bind "${join(root, part)}" ${place}/tree/${part}`,
    )
    const program = `touch ${place}/node; mount --bind "${process.execPath}" ${place}/node`
    const mounts = [...parts, `cp "${join(root, 'package.json')}" ${place}/tree`, program].join(
      '; ',
    )
    const nobody = 'setpriv --reuid=65534 --regid=65534 --clear-groups'
    const demo = `${place}/node ${place}/tree/dist/cli/linkspan.js demo`
    const all = `set -e; ${mounts}; ${script}; exec ${nobody} ${demo}`
    return start(['unshare', '--mount', 'sh', '-c', all])
  }

  test('it runs in a user namespace; without ping and iperf3 it helps itself', async () => {
    const tools = ['ping', 'iperf3'].map((name) => hide(which(name))).join('; ')
    const run = startAsNobody(`${openDevice}; ${tools}`)
    expect({ status: await statusOf(run), stderr: run.stderr }).toEqual({ status: 0, stderr: '' })
    expect(run.stdout).toContain('inside a user namespace')
    expect(run.stdout).toContain('UDP echo of Node processes, since ping is not installed')
    expect(run.stdout).toContain('TCP between Node processes, since iperf3 is not installed')
    for (const pair of pairs) expect(run.stdout).toContain(`\n${pair}  IPv4 3/3 `)
    expect(run.stdout).toMatch(/^d to c {2}IPv6 {2}[1-9].*bit\/s {2}\(/m)
    expect(leftBy(run)).toEqual(nothing)
  }, 60_000)

  test('SIGTERM reaches it there', async () => {
    const run = startAsNobody(openDevice)
    await printed(run, 'a - b')
    run.child.kill('SIGTERM')
    expect(await statusOf(run)).toBe(143)
    expect(run.stdout).toContain('Stopped by SIGTERM')
    expect(leftBy(run)).toEqual(nothing)
  })

  test('where there is no TUN device it shows the in-process network, and says why', async () => {
    const run = startAsNobody(hide('/dev/net/tun'))
    expect({ status: await statusOf(run), stderr: run.stderr }).toEqual({ status: 0, stderr: '' })
    expect(run.stdout).toMatch(/^\/dev\/net\/tun cannot be used: /m)
    for (const pair of pairs) expect(run.stdout).toContain(`\n${pair}  `)
    expect(run.stdout).toContain('0 of the MACs are left')
    for (const code of ['\x1b', '\r']) expect(run.stdout).not.toContain(code)
    expect(leftBy(run)).toEqual(nothing)
  })
})

/** The file that a command is, looked for where the demo looks. */
function which(command: string): string {
  const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` }
  return execFileSync('sh', ['-c', `command -v ${command}`], { env, encoding: 'utf8' }).trim()
}
