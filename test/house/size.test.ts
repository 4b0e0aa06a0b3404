import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { at } from '../../scripts/lib/house.js'
import { checkSize } from '../../scripts/steps/wasm.js'

describe('the size of a release module', () => {
  it.each(['single', 'shared'])('%s is within the limits', (name) => {
    expect(() => checkSize(name, readFileSync(at('build', `${name}.wasm`)))).not.toThrow()
  })

  it('fails over 108 KiB, and not at 108 KiB', () => {
    expect(() => checkSize('x', Buffer.alloc(108 * 1024))).not.toThrow()
    expect(() => checkSize('x', Buffer.alloc(108 * 1024 + 1))).toThrow('110593 bytes raw')
  })

  it('fails over 47 KiB gzipped', () => {
    expect(() => checkSize('x', randomBytes(47 * 1024))).toThrow('bytes gzipped')
  })
})
