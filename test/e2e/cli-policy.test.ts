/** What `port set` says is what frames meet: docs/policy.md, row by row, with the reasons it names. */
import { describe, expect, test } from 'vitest'
import type { DropView } from '../../src/control/view.js'
import type { FdbEntry } from '../../src/dataplane/fdb.js'
import { lab, two } from '../support/lab.js'
import { type Linkspan, up } from '../support/linkspan.js'
import { ip, ping } from '../support/netns.js'

const all = { transmitted: 3, received: 3, duplicates: 0 }
const none = { received: 0 }

async function pair() {
  const { stations, config } = lab(2, { ipv6: false })
  const running = await up(config)
  const [a, b] = two(stations)
  // No ARP in the way: what is dropped is the ping.
  for (const [from, to] of [
    [a, b],
    [b, a],
  ] as const) {
    ip(
      '-n',
      from.netns,
      'neigh',
      'replace',
      to.ip4,
      'lladdr',
      to.mac,
      'dev',
      'eth0',
      'nud',
      'permanent',
    )
  }
  expect(await ping(a.netns, b.ip4)).toEqual(all)
  const reaches = () => ping(a.netns, b.ip4, '-W', '1')
  return { running, a, b, reaches }
}

/** Reasons of drops at a port. */
async function reasons(running: Linkspan, port: string): Promise<string[]> {
  const drops = await running.show<DropView[]>('drops')
  return drops.filter((drop) => drop.port === port).map(({ reason }) => reason)
}

describe('port set', () => {
  test.each([
    // What was learnt on a port that goes down is forgotten.
    ['--down', 'b', '--up', 'no-destination'],
    ['--guard 10.99.0.1', 'a', '--guard none', 'guard-address'],
    ['--guard 02:99:00:00:00:01', 'a', '--guard none', 'guard-mac'],
  ])('%s at %s, and back with %s', async (option, port, undo, reason) => {
    const { running, reaches } = await pair()
    await running.do('port', 'set', port, ...option.split(' '))
    expect(await reaches()).toMatchObject(none)
    expect(await reasons(running, 'a')).toContain(reason)
    await running.do('port', 'set', port, ...undo.split(' '))
    expect(await reaches()).toEqual(all)
  })

  test('--isolated keeps two private ports apart, and one from nobody else', async () => {
    const { running, reaches } = await pair()
    await running.do('port', 'set', 'a', '--isolated', 'on')
    expect(await reaches()).toEqual(all)
    await running.do('port', 'set', 'b', '--isolated', 'on')
    expect(await reaches()).toMatchObject(none)
    expect(await reasons(running, 'b')).toContain('isolated')
  })

  test('--locked lets in only what has an entry', async () => {
    const { running, a, reaches } = await pair()
    await running.do('fdb', 'flush')
    await running.do('port', 'set', 'a', '--locked', 'on')
    expect(await reaches()).toMatchObject(none)
    expect(await reasons(running, 'a')).toContain('locked')
    await running.do('fdb', 'add', 'lan', a.mac, 'a')
    expect(await reaches()).toEqual(all)
  })

  test('--sticky: what is learnt does not age, and is shown so', async () => {
    const { running, a, reaches } = await pair()
    await running.do('port', 'set', 'a', '--sticky', 'on')
    await reaches()
    const [entry] = JSON.parse(
      await running.do('show', 'fdb', '--port', 'a', '--json'),
    ) as FdbEntry[]
    expect(entry).toMatchObject({ mac: a.mac, sticky: true, static: false, age: null })
    expect(await running.do('show', 'fdb', '--port', 'a')).toMatch(/ a +sticky$/m)
    await running.do('fdb', 'flush', '--port', 'a')
    expect(await running.do('show', 'fdb', '--port', 'a')).not.toContain('sticky')
  })

  test('--macs: a second MAC does not come in', async () => {
    const { running, a, b, reaches } = await pair()
    await running.do('port', 'set', 'a', '--macs', '1')
    expect(await reaches()).toEqual(all)
    ip('-n', a.netns, 'link', 'set', 'eth0', 'address', '02:e2:e0:00:00:77')
    const { netns } = a
    ip('-n', netns, 'neigh', 'replace', b.ip4, 'lladdr', b.mac, 'dev', 'eth0', 'nud', 'permanent')
    expect(await reaches()).toMatchObject(none)
    expect(await reasons(running, 'a')).toContain('mac-limit')
  })
})
