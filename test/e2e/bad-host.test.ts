import { chmodSync, existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { defer } from '../support/cleanup.js'
import { lab, two } from '../support/lab.js'
import {
  command,
  configFile,
  directory,
  type Linkspan,
  linkspan,
  switchName,
  up,
  upFails,
} from '../support/linkspan.js'
import { interfaces, ip, noStrays, ping, uniqueName } from '../support/netns.js'
import { run, start } from '../support/process.js'

const all = { transmitted: 3, received: 3, duplicates: 0 }

/** A config with one TAP in our own namespace. */
function simple(name = uniqueName()) {
  const ports = { a: { bridge: 'lan', device: { type: 'tap', name } } }
  return { version: 1, bridges: { lan: {} }, ports }
}

/** Another user, who may read everything, so that it matters not where the checkout lies. */
const nobody = [
  ...['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups'],
  ...['--inh-caps', '-all,+dac_read_search', '--ambient-caps', '-all,+dac_read_search'],
]

/** A mount namespace in which the shell does this first. */
function prepared(first: string): string[] {
  return ['unshare', '-m', 'sh', '-c', `${first} && exec "$@"`, 'sh']
}

/** How the user of a switch would see that nothing about it has changed. */
async function picture(running: Linkspan) {
  const ports = await running.show<{ name: string; state: string; origin: string }[]>('ports')
  const seen = ports.map(({ name, state, origin }) => [name, state, origin])
  return { ports: seen, config: await running.show('config'), fdb: await running.fdb() }
}

describe('without', () => {
  test('/dev/net/tun: said, and nothing is left', async () => {
    const through = prepared('mount -t tmpfs none /dev/net')
    const { status, stderr } = await upFails(simple(), { through })
    expect(status).toBe(1)
    expect(stderr).toMatch(/linkspan: cannot create TAP .*: there is no \/dev\/net\/tun: load the/)
    const checked = await run([...through, ...command, 'check', '-c', configFile(simple())])
    expect(checked.status).toBe(1)
    expect(checked.stderr).toContain('/dev/net/tun')
  })

  test('the right to open it', async () => {
    const place = directory()
    chmodSync(place, 0o777)
    const config = configFile(simple())
    const words = ['up', '-c', config, '--socket', join(place, 'x.sock')]
    const through = [
      ...prepared('mount -t tmpfs none /dev/net && mknod -m 600 /dev/net/tun c 10 200'),
      ...nobody,
    ]
    const { status, stderr } = await run([...through, ...command, ...words])
    expect(status).toBe(1)
    expect(stderr).toContain('/dev/net/tun may not be opened by this user')
    expect(existsSync(join(place, 'x.sock'))).toBe(false)
  })

  test('the right to make an interface', async () => {
    const place = directory()
    chmodSync(place, 0o777)
    const words = ['up', '-c', configFile(simple()), '--socket', join(place, 'x.sock')]
    const through = [
      ...prepared('mount -t tmpfs none /dev/net && mknod -m 666 /dev/net/tun c 10 200'),
      ...nobody,
    ]
    const { status, stderr } = await run([...through, ...command, ...words])
    expect(status).toBe(1)
    expect(stderr).toMatch(
      /cannot create TAP '\w+' in our own namespace: it takes CAP_NET_ADMIN.*run as root/,
    )
    await noStrays()
  })

  test('the right to use the socket of another', async () => {
    const running = await up(simple())
    chmodSync(join(running.socket, '..'), 0o755)
    const words = ['show', 'ports', '--socket', running.socket]
    const { status, stderr } = await run([...nobody, ...command, ...words])
    expect(status).toBe(1)
    expect(stderr).toBe(
      `linkspan: you may not use ${running.socket}: run this as its owner or group\n`,
    )
  })
})

describe('the control socket', () => {
  test('in a place where nothing may be written: refused before anything is made', async () => {
    const place = directory()
    chmodSync(place, 0o755)
    const words = ['up', '-c', configFile(simple()), '--socket', join(place, 'x.sock')]
    const { status, stderr } = await run([...nobody, ...command, ...words])
    expect(status).toBe(1)
    expect(stderr).toContain(`the control socket cannot be made in ${place}`)
    expect(stderr).toContain('name another place with --socket')
  })

  test('below a file', async () => {
    const file = join(directory(), 'file')
    writeFileSync(file, '')
    const { status, stderr } = await linkspan(
      'up',
      '-c',
      configFile(simple()),
      '--socket',
      `${file}/x`,
    )
    expect(status).toBe(1)
    expect(stderr).toContain(`the control socket cannot be made in ${file}`)
  })

  test('where a file is: the file is left alone', async () => {
    const file = join(directory(), 'file')
    writeFileSync(file, 'dear')
    const { status, stderr } = await linkspan('up', '-c', configFile(simple()), '--socket', file)
    expect(status).toBe(1)
    expect(stderr).toContain(`${file} is there and is no socket`)
    expect(statSync(file).size).toBe(4)
  })

  test('with a path that is too long', async () => {
    const path = join(directory(), 'x'.repeat(108))
    const { status, stderr } = await linkspan('up', '-c', configFile(simple()), '--socket', path)
    expect(status).toBe(1)
    expect(stderr).toMatch(/the socket's path has \d+ bytes, a socket's may have 107/)
  })

  test('of a group that is not there: refused, and the process ends', async () => {
    const { status, stderr } = await upFails({ ...simple(), control: { group: 'e2enobody' } })
    expect(status).toBe(1)
    expect(stderr).toContain('control.group: found "e2enobody"; expected a group of /etc/group')
    await noStrays()
  })

  test('of a group that one may not give it to', async () => {
    const through = ['setpriv', '--bounding-set', '-chown', '--inh-caps', '-chown']
    const config = { ...simple(), control: { group: 65533 } }
    const { status, stderr } = await upFails(config, { through })
    expect(status).toBe(1)
    expect(stderr).toMatch(/cannot be given mode 0600 and group 65533 .*EPERM.*control.group/)
    await noStrays()
  })

  test('in use: the second is refused, the first is as it was', async () => {
    const { stations, config } = lab(2)
    const first = await up(config)
    const [a, b] = two(stations)
    expect(await ping(a.netns, b.ip4)).toEqual(all)
    const before = await picture(first)
    const words = ['up', '-c', configFile(simple()), '--socket', first.socket]
    const { status, stderr } = await linkspan(...words)
    expect(status).toBe(1)
    expect(stderr).toBe(
      `linkspan: a switch is already running at ${first.socket}: stop it with "linkspan down", or give this one another --name\n`,
    )
    expect(await picture(first)).toEqual(before)
    expect(await ping(a.netns, b.ip4)).toEqual(all)
    await noStrays()
  })

  test('that somebody else listens on is not taken away', async () => {
    const socket = join(directory(), 'x.sock')
    const other = createServer()
    await new Promise<void>((done) => other.listen(socket, done))
    defer(() => other.close())
    const { status } = await linkspan('up', '-c', configFile(simple()), '--socket', socket)
    expect(status).toBe(1)
    expect(existsSync(socket)).toBe(true)
  })
})

describe('an interface of that name that is there', () => {
  test('of another switch: the second is refused, the first is as it was', async () => {
    const { stations, config } = lab(2)
    const first = await up(config)
    const [a, b] = two(stations)
    expect(await ping(a.netns, b.ip4)).toEqual(all)
    const before = await picture(first)
    const { status, stderr } = await upFails(config)
    expect(status).toBe(1)
    expect(stderr).toContain(
      `cannot move and name TAP 'eth0' in namespace '${a.netns}': an interface named eth0 exists there already; remove it, or attach to it with create: false`,
    )
    expect(await picture(first)).toEqual(before)
    expect(await ping(a.netns, b.ip4)).toEqual(all)
    await noStrays()
  })

  test('that is no TAP, with the second port: the first is taken away again', async () => {
    const { stations, config } = lab(2)
    const [a, b] = two(stations)
    ip('-n', b.netns, 'link', 'add', 'eth0', 'type', 'bridge')
    const { status, stderr } = await upFails(config)
    expect(status).toBe(1)
    expect(stderr).toContain(`in namespace '${b.netns}': an interface named eth0 exists there`)
    expect(interfaces(a.netns)).toEqual([])
    expect(interfaces(b.netns)).toEqual(['eth0'])
    await noStrays()
  })
})

describe('after kill -9', () => {
  test('the next `up` of that name starts cleanly', async () => {
    const { stations, config } = lab(2)
    const [a, b] = two(stations)
    const { name, socket } = switchName()
    const words = [...command, 'up', '-c', configFile(config), '--name', name]
    const first = start(words)
    await first.prints('control socket')
    first.kill('SIGKILL')
    await first.end()
    expect(existsSync(socket)).toBe(true)
    expect((await linkspan('show', 'ports', '--name', name)).status).toBe(1)
    const second = start(words)
    await second.prints('control socket')
    expect(second.stderr).toBe('')
    expect(await ping(a.netns, b.ip4)).toEqual(all)
    expect(await linkspan('down', '--name', name)).toMatchObject({ status: 0, stderr: '' })
    expect(existsSync(socket)).toBe(false)
  })
})

describe('no switch', () => {
  test.each([
    [['show', 'ports']],
    [['show', 'fdb', '--json']],
    [['fdb', 'flush']],
    [['port', 'del', 'a']],
    [['down']],
  ])('%s says where it looked, and fails', async (words) => {
    const socket = join(directory(), 'x.sock')
    const { status, stdout, stderr } = await linkspan(...words, '--socket', socket)
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
    expect(stderr).toBe(
      `linkspan: no switch is running at ${socket}: start one with "linkspan up", or name another by --name or --socket\n`,
    )
  })

  test('under a name that cannot be one', async () => {
    const { status, stderr } = await linkspan('show', 'ports', '--name', '../x')
    expect(status).toBe(1)
    expect(stderr).toContain('found the name "../x"; expected 1 to 64 letters')
  })
})

describe('wrong usage is exit status 2, with help', () => {
  test.each([
    [[]],
    [['shwo']],
    [['show', 'prots']],
    [['show', 'ports', '--jsn']],
    [['fdb', 'add', 'lan']],
    [['port', 'add', 'a']],
    [['up', '--log', 'xml']],
    [['up', '--log-level', 'loud']],
    [['apply', '--confirm', '60']],
    [['port', 'add', 'a', '--bridge', 'lan', '--mtu', 'big']],
  ])('%j', async (words) => {
    const { status, stdout, stderr } = await linkspan(...words)
    expect(status).toBe(2)
    expect(stdout).toBe('')
    expect(stderr).toMatch(/--help|Usage/)
  })

  test('help itself and the version are none', async () => {
    expect(await linkspan('--help')).toMatchObject({ status: 0, stderr: '' })
    expect(await linkspan('show', '--help')).toMatchObject({ status: 0, stderr: '' })
    expect((await linkspan('--version')).stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
  })
})

test('a directory for the socket is made when there is none', async () => {
  const place = join(directory(), 'not', 'yet')
  const program = start([
    ...command,
    'up',
    '-c',
    configFile(simple()),
    '--socket',
    `${place}/x.sock`,
  ])
  await program.prints('control socket')
  mkdirSync(place, { recursive: true })
  expect(statSync(`${place}/x.sock`).mode & 0o777).toBe(0o600)
})
