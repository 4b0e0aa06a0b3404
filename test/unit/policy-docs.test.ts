/** What docs/policy.md, docs/vlans.md, docs/filter.md, docs/overlay.md and docs/impair.md name is there, and what there is of policy is in them. */
import { readFileSync } from 'node:fs'
import { Command } from 'commander'
import { describe, expect, test } from 'vitest'
import { addEditCommands } from '../../src/cli/edit-commands.js'
import { drops } from '../../src/dataplane/generated/drops.js'

const read = (page: string) => readFileSync(new URL(`../../docs/${page}`, import.meta.url), 'utf8')
const [policy, vlans, filter] = [read('policy.md'), read('vlans.md'), read('filter.md')]
const [overlay, impair] = [read('overlay.md'), read('impair.md')]

/** Of a frame that is not what a frame should be, or that a device did not take. */
const OTHERS =
  /^(short|long|source-invalid|same-port|no-destination|checksum|segmentation|truncated-header|header-chain|over-mtu|needs-|transmit-list|device-|worker-died)/
/** Of the router. */
const ROUTER =
  /^(ip-options|martian|gateway-|ttl-|no-route|neighbor-|not-for-|directed-|fragment-limit|flow-|nat-)/

describe('drop reasons', () => {
  const named = new Set([
    ...`${policy}${vlans}${filter}${overlay}${impair}`.matchAll(
      /`([a-z]+(?:-[a-z]+)+|locked|isolated)`/g,
    ),
  ])
  const words = new Set([...named].map(([, word]) => word))

  test('of policy and VLANs are all there', () => {
    const wanted = drops
      .map(({ name }) => name)
      .filter((name) => !OTHERS.test(name) && !ROUTER.test(name))
    expect(wanted.filter((name) => !words.has(name))).toEqual([])
  })

  test('that the pages name in the column of reasons exist, with their direction', () => {
    const rows = policy
      .split('\n')
      .filter((line) => line.startsWith('| `') || /^\| \w+ `/.test(line))
    const cells = rows.map((row) => row.split('|')[3] ?? '')
    const pairs = cells.flatMap((cell) => {
      return [...cell.matchAll(/((?:`[a-z-]+`(?:, )?)+) \((rx|tx)\)/g)].flatMap(([, list, way]) => {
        return [...(list ?? '').matchAll(/`([a-z-]+)`/g)].map(([, name]) => [name, way])
      })
    })
    expect(pairs.length).toBeGreaterThan(15)
    const known = new Map(drops.map(({ name, direction }) => [name as string, direction]))
    for (const [name = '', way] of pairs) expect([name, known.get(name)]).toEqual([name, way])
  })
})

test('options that policy.md names are options of port set', () => {
  const program = new Command()
  addEditCommands(program)
  const port = program.commands.find((command) => command.name() === 'port')
  const set = port?.commands.find((command) => command.name() === 'set')
  const options = set?.options.map(({ long }) => long)
  const rows = policy.split('\n').filter((line) => line.startsWith('|'))
  const named = rows.flatMap((row) => [...row.matchAll(/\(`(--[a-z-]+)/g)].map(([, name]) => name))
  expect(named.length).toBeGreaterThan(8)
  for (const name of named) expect(options).toContain(name)
})
