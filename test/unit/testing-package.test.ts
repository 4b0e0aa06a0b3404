/** `linkspan/testing` as the package has it, in processes of its own. */
import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { at } from '../../scripts/lib/house.js'

const hashOf = (seed: string) =>
  execFileSync(process.execPath, [at('test/support/lab-hash.mjs'), seed], { encoding: 'utf8' })

test('the same seed gives the same octets in another process', () => {
  const once = hashOf('7')
  expect(once).toMatch(/^[\da-f]{64}$/)
  expect(hashOf('7')).toBe(once)
  expect(hashOf('8')).not.toBe(once)
})

test('a script that only awaits the lab runs to its end, and ends', () => {
  const script = `
    import { createLab } from 'linkspan/testing'
    const lab = await createLab()
    lab.bridge('lan')
    const { received } = await lab.host('a').ping(lab.host('b'), { count: 2 })
    console.log(received)
  `
  const run = ['--input-type=module', '-e', script]
  expect(execFileSync(process.execPath, run, { cwd: at('.'), encoding: 'utf8' })).toBe('2\n')
})
