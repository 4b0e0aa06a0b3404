/** `linkspan bench` of the package as a user has it: no checkout around it, no packages that only we have. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { defer } from '../support/cleanup.js'
import { installPacked } from '../support/packed.js'
import { type Ended, run, start } from '../support/process.js'

let packed: ReturnType<typeof installPacked>
beforeAll(() => {
  packed = installPacked()
})
afterAll(() => packed.remove())

/** With a network of its own and names of namespaces of its own, a bench that runs beside is not in its way. */
const alone = [
  ...['unshare', '--net', '--mount', 'sh', '-c'],
  ...['mkdir -p /run/netns && mount -t tmpfs none /run/netns && exec "$@"', 'sh'],
]
const patience = 120_000
const words = (args: string[]): string[] => {
  const cli = join(packed.folder, 'node_modules/linkspan/dist/cli/linkspan.js')
  return [...alone, process.execPath, cli, 'bench', ...args]
}

/** Runs it in an empty folder, with temporary files of its own. */
function place(): { cwd: string; env: Record<string, string> } {
  const cwd = mkdtempSync(join(tmpdir(), 'linkspan-bench-test-'))
  const temporary = mkdtempSync(join(tmpdir(), 'linkspan-bench-tmp-'))
  defer(() => {
    expect(readdirSync(temporary), 'it leaves nothing behind').toEqual([])
    for (const folder of [cwd, temporary]) rmSync(folder, { recursive: true })
  })
  return { cwd, env: { TMPDIR: temporary } }
}

const bench = (args: string[], env: Record<string, string> = {}): Promise<Ended> => {
  const own = place()
  return run(words(args), { cwd: own.cwd, env: { ...own.env, ...env }, patience })
}

/** A `PATH` with what the bench itself calls and nothing else, as on a machine with little on it. */
function barePath(): Record<string, string> {
  const folder = mkdtempSync(join(tmpdir(), 'linkspan-bench-path-'))
  defer(() => rmSync(folder, { recursive: true }))
  for (const name of ['sh', 'mkdir', 'mount', 'unshare']) {
    symlinkSync(execFileSync('which', [name], { encoding: 'utf8' }).trim(), join(folder, name))
  }
  return { PATH: folder }
}

describe('what there is', () => {
  test('--list names groups, and what they are', { timeout: patience }, async () => {
    const { status, stdout, stderr } = await bench(['--list'])
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stdout).toMatch(/^group +what +time +not here\n/)
    expect(stdout).toMatch(/^tcp +TAP to TAP, TCP, one stream +about /m)
    expect(stdout).toMatch(/^memory +Memory a MAC at 1,000,000 MACs +about /m)
  })

  test('--list says what is missing here, and what to install', { timeout: patience }, async () => {
    const { status, stdout } = await bench(['--list', 'tcp', 'memory'], barePath())
    expect(status).toBe(0)
    expect(stdout).toMatch(
      /^tcp .* needs .*iperf3.*; on Debian or Ubuntu: apt-get install .*iperf3/m,
    )
    expect(stdout).toMatch(/^memory .*about \d+ s$/m)
  })

  test.each([
    [['nonsense'], 'bench: nonsense: there is no such group; there are tcp, '],
    [['--pairs', '0'], 'bench: --pairs: expected 1 or more'],
    [['--pairs', 'x'], "argument 'x' is invalid. Expected a whole number."],
    [['--seconds', '0'], 'bench: --seconds: expected seconds, more than 0'],
    [['--publish'], "unknown option '--publish'"],
  ])('%j is wrong usage', async (args, message) => {
    const { status, stdout, stderr } = await bench(args)
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
    expect(stderr).toContain(message)
  })

  test('a file that cannot be written is said before anything is measured', {
    timeout: patience,
  }, async () => {
    const { status, stdout, stderr } = await bench(['memory', '--html', '/nowhere/a.html'])
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
    expect(stderr).toMatch(/^linkspan: bench: --html \/nowhere\/a\.html: ENOENT[^\n]*\n$/)
  })
})

describe('measuring', () => {
  test('in memory: a table, progress beside it, and no file that was not asked for', {
    timeout: patience,
  }, async () => {
    const own = place()
    const args = ['memory', 'rules', '--quick', '--seconds', '0.05']
    const { status, stdout, stderr } = await run(words(args), { ...own, patience })
    expect(status, stderr).toBe(0)
    expect(stdout).toMatch(/^figure +measured +beside +ratio or value +target +verdict\n/)
    expect(stdout).toMatch(/^Memory a MAC at 1,000,000 MACs +[\d.]+ bytes /m)
    expect(stderr).toMatch(/^1\/2 memory: .*, about .* left$/m)
    expect(stderr).toMatch(/^2\/2 rules: 6\/6 10 rules /m)
    expect(readdirSync(own.cwd)).toEqual([])
  })

  test('the packet path beside its C, which is compiled here: JSON and a report', {
    timeout: patience,
  }, async () => {
    const own = place()
    const files = ['--json', 'run.json', '--html', 'run.html']
    const args = ['pipeline', '--pairs', '1', '--seconds', '0.01', ...files]
    const { status, stderr } = await run(words(args), { ...own, patience })
    expect(status, stderr).toBe(0)
    const written = JSON.parse(readFileSync(join(own.cwd, 'run.json'), 'utf8'))
    expect(written).toMatchObject({ interrupted: false, pairs: 1, machine: { commit: null } })
    const [first] = written.groups.pipeline
    const names = first.contestants.map(({ name }: { name: string }) => name)
    expect(names).toEqual(['shared', 'single', 'c'])
    const page = readFileSync(join(own.cwd, 'run.html'), 'utf8')
    expect(page).toContain('<h2 id="group.pipeline">')
    expect(page).toContain('Time in <code>process</code> alone')
  })

  test('without a compiler: what is in C is left out, and said', {
    timeout: patience,
  }, async () => {
    const args = ['pipeline', '--pairs', '1', '--seconds', '0.01', '--json', 'run.json']
    const { status, stdout } = await bench(args, barePath())
    expect(status).toBe(0)
    expect(stdout).toMatch(/^In memory, 64 B, 2 MACs, .* not measured$/m)
    expect(stdout).toContain('C -O3: no C compiler here; on Debian or Ubuntu: apt-get install gcc')
  })

  test('nothing that could be measured is a failure, which says what is needed', {
    timeout: patience,
  }, async () => {
    const { status, stdout } = await bench(['tcp'], barePath())
    expect(status).toBe(1)
    expect(stdout).toMatch(/^not measured: needs .*iperf3.*: TAP to TAP, TCP, one stream$/m)
  })

  test('from TAP to TAP, beside all that is installed', { timeout: patience }, async () => {
    const args = ['latency', '--pairs', '1', '--seconds', '0.1', '--json', 'run.json']
    const own = place()
    const { status, stdout, stderr } = await run(words(args), { ...own, patience })
    expect(status, stderr).toBe(0)
    expect(stdout).toMatch(/^TAP to TAP, request and response +[\d.,]+ µs +C program /m)
    const written = JSON.parse(readFileSync(join(own.cwd, 'run.json'), 'utf8'))
    expect(written.groups.latency[0]).toMatchObject({ complete: true, contestants: { length: 5 } })
  })

  test('without a reader it comes to its end, and cleans up', { timeout: patience }, async () => {
    const args = ['memory', 'rules', '--pairs', '1', '--seconds', '0.01', '--json', 'run.json']
    const own = place()
    const headed = ['sh', '-c', '"$@" 2>&1 | head -1', 'sh', ...words(args)]
    const { stdout } = await run(headed, { ...own, patience })
    expect(stdout.split('\n')).toHaveLength(2)
    expect(existsSync(join(own.cwd, 'run.json'))).toBe(true)
  })

  test('Ctrl-C reports what was measured until then', { timeout: patience }, async () => {
    const own = place()
    const args = ['memory', 'rules', '--pairs', '1000', '--json', 'run.json', '--html', 'run.html']
    const program = start(words(args), own)
    await program.prints('rules: 3/', patience)
    program.kill('SIGINT')
    const { status, stdout } = await program.end(patience)
    expect(status).toBe(130)
    expect(stdout).toContain('interrupted')
    const written = JSON.parse(readFileSync(join(own.cwd, 'run.json'), 'utf8'))
    expect(written.interrupted).toBe(true)
    expect(written.groups.rules[0].contestants[0].samples.length).toBeGreaterThan(0)
    expect(existsSync(join(own.cwd, 'run.html'))).toBe(true)
  })
})
