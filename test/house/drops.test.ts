import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parseDrops, renderDrops } from '../../scripts/lib/drops.js'
import { at } from '../../scripts/lib/house.js'

const list = (...entries: string[]): string => `export namespace Drop {\n${entries.join('\n')}\n}\n`

const short = '  /** short-frame (rx): too short. */\n  export const SHORT_FRAME: u32 = 1'
const over =
  "  /**\n   * over-mtu (tx): larger than\n   * the port's MTU\n   */\n  export const OVER_MTU: u32 = 2"

describe('the list of drop reasons', () => {
  it('is read with code, name, direction and text', () => {
    expect(parseDrops(list(short, over))).toEqual([
      { code: 1, name: 'short-frame', direction: 'rx', text: 'too short' },
      { code: 2, name: 'over-mtu', direction: 'tx', text: "larger than the port's MTU" },
    ])
  })

  it('becomes a TypeScript constant', () => {
    const text = renderDrops(parseDrops(list(short, over)))
    expect(text).toContain('export const drops = [\n')
    expect(text).toContain(
      "  { code: 2, name: 'over-mtu', direction: 'tx', text: 'larger than the port\\'s MTU' },\n] as const",
    )
  })

  it('is dense, in order and complete in assembly/drop.ts', () => {
    const drops = parseDrops(readFileSync(at('assembly/drop.ts'), 'utf8'))
    expect(drops.length).toBeGreaterThan(0)
    expect(drops.map(({ code }: { code: number }) => code)).toEqual(
      drops.map((_: unknown, index: number) => index + 1),
    )
  })

  it.each([
    ['a gap', list(short, over.replace('= 2', '= 3')), 'over-mtu: code 3, expected 2'],
    ['a start at 0', list(short.replace('= 1', '= 0')), 'short-frame: code 0, expected 1'],
    ['no direction', list(short.replace(' (rx)', '')), 'Drop.SHORT_FRAME: the comment must read'],
    ['a wrong direction', list(short.replace('rx', 'in')), 'the comment must read'],
    ['another name', list(short.replace('short-', 'tiny-')), 'the comment must read "short-frame'],
    ['no comment', list('  export const SHORT_FRAME: u32 = 1'), 'expected a comment'],
    ['another type', list(short.replace('u32', 'i32')), 'expected a comment'],
    ['no namespace', short, 'expected `export namespace Drop {`'],
    ['a name twice', list(short, short.replace('= 1', '= 2')), 'two reasons have this name'],
  ])('fails on %s', (_, source, message) => {
    expect(() => parseDrops(source, 'drop.ts')).toThrow(message)
  })
})
