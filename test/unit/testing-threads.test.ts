/** Virtual time stands while threads of the computer's work for the program. */
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import http from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import zlib from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createLab } from '../../src/testing/index.js'
import { labAgent, serve } from '../../src/testing/node/index.js'

const directory = fs.mkdtempSync(join(tmpdir(), 'linkspan-threads-'))
const file = join(directory, 'file')
const octets = randomBytes(3_000_000)

beforeAll(() => fs.writeFileSync(file, octets))
afterAll(() => fs.rmSync(directory, { recursive: true }))

/** What is answered by the time that a client gives up. */
async function asked(answer: http.RequestListener): Promise<{ body: Buffer; now: number }> {
  const lab = await createLab({ timers: 'fake' })
  lab.bridge('lan')
  const [client, server] = [lab.host('client'), lab.host('server')]
  serve(server, 80, http.createServer(answer))
  const body = await new Promise<Buffer>((resolve, reject) => {
    const asking = http.get({ host: 'server', agent: labAgent(client) }, async (response) => {
      const parts = []
      const isPacked = response.headers['content-encoding'] === 'gzip'
      for await (const part of isPacked ? response.pipe(zlib.createGunzip()) : response) {
        parts.push(part)
      }
      clearTimeout(timer)
      resolve(Buffer.concat(parts))
    })
    asking.on('error', reject)
    const timer = setTimeout(() => asking.destroy(new Error('timed out')), 1000)
  })
  const { now } = lab
  await lab.close()
  return { body, now }
}

test.each<[string, http.RequestListener]>([
  ['a file', (_, response) => fs.readFile(file, (_error, data) => response.end(data))],
  ['a promise of one', async (_, response) => response.end(await fs.promises.readFile(file))],
  ['a stream of one', (_, response) => fs.createReadStream(file).pipe(response)],
  [
    'a packed stream',
    (_, response) => {
      response.setHeader('content-encoding', 'gzip')
      fs.createReadStream(file).pipe(zlib.createGzip()).pipe(response)
    },
  ],
])('%s comes before a time-out of the client', async (_what, answer) => {
  const { body, now } = await asked(answer)
  expect(body.equals(octets)).toBe(true)
  expect(now).toBeLessThan(500)
})

test('zlib at once, and what it says of nonsense', async () => {
  const lab = await createLab({ timers: 'fake' })
  let now = -1
  const packed = zlib.gzipSync(octets)
  zlib.gunzip(packed, () => (now = lab.now))
  await lab.advance(10)
  expect(now).toBe(0)
  const began = Date.now()
  const failed = new Promise((resolve) => zlib.gunzip(Buffer.from('nonsense'), resolve))
  expect(await failed).toMatchObject({ code: 'Z_DATA_ERROR' })
  await lab.advance(10)
  expect(Date.now() - began).toBe(10)
  // One that nobody reads has no room left: it does not hold time.
  const unread = zlib.createGunzip()
  unread.write(packed)
  await lab.advance(10)
  expect(unread.readableLength).toBeGreaterThan(0)
  await lab.close()
  expect(await text(zlib.createGzip().end('x').pipe(zlib.createGunzip()))).toBe('x')
})

test.skipIf(process.platform === 'win32')('what never ends holds time for a second', async () => {
  const pipe = join(directory, 'pipe')
  execFileSync('mkfifo', [pipe])
  const opened = fs.promises.open(pipe, 'r')
  const lab = await createLab()
  const began = performance.now()
  for (let count = 0; count < 5; count++) await lab.advance('1h')
  const passed = performance.now() - began
  expect(passed).toBeGreaterThan(900)
  expect(passed).toBeLessThan(2900)
  fs.closeSync(fs.openSync(pipe, 'w'))
  await (await opened).close()
  await lab.close()
})
