/** The numbers of the ABI stand twice, in assembly/ and in TypeScript: they are the same. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { at } from '../../scripts/lib/house.js'
import { BINDINGS_MAX } from '../../src/config/guard.js'
import * as abi from '../../src/dataplane/abi.js'

type Numbers = Readonly<Record<string, number>>

const read = (file: string) => readFileSync(at('assembly', file), 'utf8')

/** Constants that are written as a number; those that are worked out from others are left out. */
function numbersIn(text: string): Numbers {
  const constant = /^ *export const (\w+): \w+ = (0x[\da-fA-F]+|\d+)$/gm
  return Object.fromEntries([...text.matchAll(constant)].map(([, name, value]) => [name, +value!]))
}

function namespace(file: string, name: string): Numbers {
  const [, body = ''] =
    new RegExp(`^export namespace ${name} \\{\\n([\\s\\S]*?)^\\}`, 'm').exec(read(file)) ?? []
  return numbersIn(body)
}

describe('src/dataplane/abi.ts', () => {
  test.each<[string, Numbers, Numbers]>([
    ['PortFlag', abi.PortFlag, namespace('config.ts', 'PortFlag')],
    ['Binding', abi.Binding, namespace('bridge/guard.ts', 'Binding')],
    ['Wants', abi.Wants, namespace('capture/filter.ts', 'Wants')],
    ['Purge', abi.Purge, namespace('flow/inspect.ts', 'Purge')],
    ['NatFlag', abi.NatFlag, namespace('nat/config.ts', 'NatFlag')],
    ['Change', abi.Change, namespace('table/hash.ts', 'Change')],
  ])('%s is what assembly has', (_, ours, theirs) => {
    expect(ours).toEqual(theirs)
  })

  test('Meter is the floods and what is policed, as they are numbered there', () => {
    const { BROADCAST, MULTICAST, UNKNOWN } = namespace('config.ts', 'Flood')
    const floods = { BROADCAST, MULTICAST, UNKNOWN_UNICAST: UNKNOWN }
    expect(abi.Meter).toEqual({ ...floods, ...namespace('meter.ts', 'Meter') })
    expect(abi.METERS).toBe(Object.keys(abi.Meter).length)
  })

  test('types of event have the codes of assembly', () => {
    const codes = namespace('event.ts', 'Event')
    for (const [code, name] of Object.entries(abi.eventTypes)) {
      expect(codes[name.toUpperCase().replaceAll('-', '_')], name).toBe(Number(code))
    }
  })

  test('states and flags of a flow have the codes of assembly', () => {
    const codes = namespace('flow/state.ts', 'State')
    const names = Object.keys(codes).map((name) => name.toLowerCase().replaceAll('_', '-'))
    expect([...abi.flowStates]).toEqual(names)
    expect(Object.values(codes)).toEqual(abi.flowStates.map((_, code) => code))
    expect(namespace('flow/record.ts', 'FlowFlag')).toMatchObject(abi.FlowFlag)
  })

  test.each<[string, string]>([
    ['nat/config.ts', 'EXTERNALS_MAX'],
    ['nat/config.ts', 'SOURCES_MAX'],
    ['nat/config.ts', 'PUBLISHED_MAX'],
    ['nat/config.ts', 'PREFIXES_MAX'],
    ['size.ts', 'BURST_MAX'],
    ['size.ts', 'READY_MAX'],
    ['size.ts', 'QUEUE_SIZE'],
    ['size.ts', 'FAILURE_SIZE'],
    ['transmit.ts', 'TRANSMIT_SIZE'],
    ['transmit.ts', 'BARE'],
    ['capture/filter.ts', 'CAPTURES_MAX'],
    ['transmit.ts', 'MORE'],
  ])('%s has the same %s', (file, name) => {
    expect((abi as unknown as Numbers)[name]).toBe(numbersIn(read(file))[name])
  })

  test('a config has as many bound addresses as there is room for', () => {
    expect(BINDINGS_MAX).toBe(numbersIn(read('size.ts')).BINDINGS_MAX)
  })
})
