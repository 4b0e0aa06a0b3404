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

test('linkspan/testing/node in vitest: the same classes as those of linkspan/testing', async () => {
  const { createLab } = await import('linkspan/testing')
  const { connect, createServer } = await import('linkspan/testing/node')
  const lab = await createLab({ timers: 'fake' })
  lab.bridge('lan')
  const [a, b] = [lab.host('a'), lab.host('b')]
  createServer(b, (socket) => void socket.end('hello')).listen(80)
  const parts: Buffer[] = []
  for await (const part of connect(a, 80, 'b')) parts.push(part)
  expect(String(Buffer.concat(parts))).toBe('hello')
  await new Promise((resolve) => setTimeout(resolve, 60_000))
  expect(lab.now).toBe(60_000)
  await lab.close()
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
