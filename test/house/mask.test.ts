import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { filesBelow } from '../../scripts/lib/files.js'
import { at } from '../../scripts/lib/house.js'
import { mask, unmask } from '../../scripts/lib/mask.js'

const decorators = ['@inline', '@unsafe', '@lazy', '@unmanaged', '@external("env", "memory")']

describe('masking decorators', () => {
  it.each(decorators)('%s becomes a comment and itself again', (decorator) => {
    const source = `${decorator}\nexport function f(): void {}\n`
    const masked = mask(source, 'a.ts')
    expect(masked).toMatch(/^\/\//)
    expect(masked).not.toBe(source)
    expect(unmask(masked)).toBe(source)
  })

  it('follows the indentation that the formatter gives', () => {
    const masked = mask('namespace N {\n      @inline\n  const x = 1\n}', 'a.ts')
    expect(unmask(masked.replace('      //', '  //'))).toBe(
      'namespace N {\n  @inline\n  const x = 1\n}',
    )
  })

  it('leaves comments, strings and doc tags alone', () => {
    const source = '/**\n * @param x y\n */\n// @inline\nconst s = "@inline"\n'
    expect(mask(source, 'a.ts')).toBe(source)
    expect(unmask(source)).toBe(source)
  })

  it('refuses a decorator that shares its line', () => {
    const source = 'const x = 1\n@inline function f(): void {}\n'
    expect(() => mask(source, 'assembly/a.ts')).toThrow('assembly/a.ts:2: a decorator stands')
  })

  it('is undone by unmask whatever the text', () => {
    const line = fc.oneof(
      fc.constantFrom(...decorators, '  @inline', 'const x = 1', '// comment', '', '{', '}'),
      fc.string().filter((text) => !/[\n]|^[ \t]*(@|\/\/@@)/.test(text)),
    )
    fc.assert(
      fc.property(fc.array(line), (lines) => {
        const source = lines.join('\n')
        expect(unmask(mask(source, 'a.ts'))).toBe(source)
      }),
    )
  })

  it('gives every file of assembly back as it was', () => {
    const files = filesBelow(at('assembly'), (name: string) => name.endsWith('.ts'))
    expect(files.length).toBeGreaterThan(0)
    for (const file of files) {
      const source = readFileSync(file, 'utf8')
      expect(unmask(mask(source, file))).toBe(source)
    }
  })
})
