import { describe, expect, test } from 'vitest'
import { lab, two } from '../support/lab.js'
import { command, configFile, directory } from '../support/linkspan.js'
import { ip, ping } from '../support/netns.js'
import { type Program, run, start } from '../support/process.js'

async function logged(...words: string[]) {
  const { stations, config } = lab(2, { ipv6: false })
  const [a, b] = two(stations)
  const socket = `${directory()}/control.sock`
  const program = start([...command, 'up', '-c', configFile(config), '--socket', socket, ...words])
  await program.prints('control socket')
  const apply = async () => {
    const words = ['apply', '-c', configFile(config), '--socket', socket]
    expect((await run([...command, ...words])).status).toBe(0)
  }
  return { program, a, b, apply, socket }
}

const linesOf = ({ stderr }: Program) =>
  stderr
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Record<string, unknown>)

describe('the log', () => {
  test('is JSON where it is no terminal, and tells of moves and ports', async () => {
    const { program, a, b, socket } = await logged()
    await ping(a.netns, b.ip4)
    const words = ['fdb', 'add', 'lan', a.mac, 'b', '--dynamic', '--socket', socket]
    expect((await run([...command, ...words])).status).toBe(0)
    await ping(a.netns, b.ip4)
    await program.prints('address moved')
    ip('-n', b.netns, 'link', 'set', 'eth0', 'down')
    await program.prints('port is down')
    expect(linesOf(program)).toMatchObject([
      { level: 'info', msg: 'address moved', mac: a.mac, from: 'b', port: 'a', bridge: 'lan' },
      { level: 'info', msg: 'port is down', port: 'b' },
    ])
  })

  test('leaves out what comes again and again, and tells how often', async () => {
    const { program, apply } = await logged()
    for (let round = 0; round < 8; round++) await apply()
    program.kill('SIGTERM')
    await program.end()
    const lines = linesOf(program).filter(({ msg }) => msg === 'config applied')
    expect(lines).toHaveLength(6)
    expect(lines.at(-1)).toMatchObject({ leftOut: 3 })
  })

  test('has levels, and text for people', async () => {
    const { program, apply } = await logged('--log', 'text', '--log-level', 'warn')
    await apply()
    expect(program.stderr).not.toContain('config applied')
    const info = await logged('--log', 'text')
    await info.apply()
    await info.program.prints(/^\d\d:\d\d:\d\d\.\d{3} info {2}config applied changes=0$/m)
  })
})
