import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { at } from '../../scripts/lib/house.js'
import { checkSize } from '../../scripts/steps/wasm.js'

describe('the size of a release module', () => {
  it.each(['single', 'shared'])('%s is within the limits', (name) => {
    expect(() => checkSize(name, readFileSync(at('build', `${name}.wasm`)))).not.toThrow()
  })

  it('fails over 118 KiB, and not at 118 KiB', () => {
    expect(() => checkSize('x', Buffer.alloc(118 * 1024))).not.toThrow()
    expect(() => checkSize('x', Buffer.alloc(118 * 1024 + 1))).toThrow('120833 bytes raw')
  })

  it('fails over 52 KiB gzipped', () => {
    expect(() => checkSize('x', randomBytes(52 * 1024))).toThrow('bytes gzipped')
  })
})
