/** The built package in Chromium: bundled, unbundled, from a disk; and the example. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Page } from 'playwright'
import { expect, test } from 'vitest'
import { chromium } from '../../scripts/lib/chromium.js'
import { at } from '../../scripts/lib/house.js'
import { run } from '../../scripts/lib/run.js'
import { readCapture } from '../../src/packet/capture/reader.js'
import { blocksOf } from '../support/doc-commands.js'
import { bundled, folderWith, openPage, served } from '../support/page.js'

const page = (name: string) => readFileSync(at('docs', name), 'utf8')
const [bundledPage = '', plainPage = ''] = blocksOf(page('testing-browser.md'), 'html')
const out = ({ page }: { page: Page }) =>
  page.locator('#out').filter({ hasText: /./ }).textContent()

test('docs: a page that vite has bundled shows what the docs say', async () => {
  const folder = await bundled(folderWith({ 'index.html': bundledPage }))
  const opened = await openPage(await served(folder))
  const text = await out(opened)
  expect(text).toMatch(/^3 answers/)
  expect(page('testing-browser.md')).toContain(`It shows \`${text}\`.`)
  expect(opened.problems).toEqual([])
})

test('docs: a Content-Security-Policy with wasm-unsafe-eval is enough', async () => {
  const folder = await bundled(folderWith({ 'index.html': bundledPage }))
  const policy = (script: string) => ({
    headers: { 'content-security-policy': `default-src 'none'; script-src ${script}` },
  })
  const opened = await openPage(await served(folder, policy("'self' 'wasm-unsafe-eval'")))
  expect(await out(opened)).toMatch(/^3 answers/)
  expect(opened.problems).toEqual([])
  const refused = await openPage(await served(folder, policy("'self'")))
  await expect.poll(() => refused.problems.join('\n')).toMatch(/CompileError/)
})

test('docs: a page without a bundler', async () => {
  const folder = folderWith({ 'index.html': plainPage })
  const folders = { '/node_modules/linkspan/': at('.') }
  const opened = await openPage(await served(folder, { folders }))
  expect(await out(opened)).toBe('3 answers')
  expect(opened.problems).toEqual([])
})

test('docs: a test in vitest’s browser mode, by the config that they give', async () => {
  const [config = ''] = blocksOf(page('testing-browser.md'), 'js')
  const [first = ''] = blocksOf(page('testing.md'), 'js')
  const folder = folderWith({ 'vitest.config.js': config, 'first.test.js': first })
  const words = [at('node_modules/vitest/vitest.mjs'), 'run', '--root', folder]
  const env = { ...process.env, NO_COLOR: '1', CHROME_BIN: chromium() }
  const { status, output } = await run(process.execPath, words, { env })
  expect(output).toMatch(/chromium.*first\.test\.js/)
  expect(status, output).toBe(0)
}, 120_000)

test('a lab with every fault gives the octets that it gives in Node', async () => {
  const script = `
    import { labHash } from ${JSON.stringify(at('test/support/lab-run.mjs'))}
    Object.assign(globalThis, { labHash })`
  const html = `<!doctype html><script type="module">${script}</script>`
  const folder = await bundled(folderWith({ 'index.html': html }))
  const { page } = await openPage(await served(folder))
  const inBrowser = (seed: string) =>
    page.evaluate((of) => (globalThis as { labHash?(seed: string): string }).labHash?.(of), seed)
  const inNode = (seed: string) =>
    execFileSync(process.execPath, [at('test/support/lab-hash.mjs'), seed], { encoding: 'utf8' })
  const seeds = ['7', '8', 'nine']
  const hashes = seeds.map(inNode)
  expect(new Set(hashes).size).toBe(seeds.length)
  for (const [index, seed] of seeds.entries()) expect(await inBrowser(seed)).toBe(hashes[index])
})

/** Presses a button of the example, at the speed of the clock; returns the line that tells of its end. */
async function press(page: Page, title: string): Promise<string | null> {
  const done = page.locator('#results .done')
  const before = await done.count()
  await page.getByRole('button', { name: '1 : 1', exact: true }).click()
  await page.getByRole('button', { name: title }).click()
  return done.nth(before).textContent()
}

test('examples/browser: pings, transfers, tables, sliders and a capture, from a server', async () => {
  const folder = await bundled(at('examples/browser'))
  const { page, problems } = await openPage(await served(folder))
  expect(await press(page, 'laptop pings web')).toMatch(/: 3 of 3 answered, 40\.\d/)
  expect(await press(page, 'laptop fetches')).toMatch(/: 60000 octets in \d+ ms/)
  await page.getByLabel('delay of link web').fill('50')
  expect(await press(page, 'laptop pings web')).toMatch(/: 3 of 3 answered, 130\.\d/)
  const frames = page.locator('#frames')
  await expect
    .poll(() => frames.textContent())
    .toMatch(/> 203\.0\.113\.1: ICMP echo request, id \d+, seq 2/)
  const row = (name: RegExp) => page.getByRole('row', { name }).first().waitFor()
  await row(/^home 02:\S+ laptop laptop/)
  await row(/^tcp 10\.55\.0\.2:\d+ 203\.0\.113\.1:80 203\.0\.113\.10:\d+/)
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Download pcapng' }).click(),
  ])
  const { packets, truncated } = readCapture(readFileSync(await download.path()))
  expect(truncated).toBeUndefined()
  expect(packets.length).toBeGreaterThan(100)
  await page.getByLabel('plugged in').nth(3).uncheck()
  expect(await press(page, 'laptop pings web')).toMatch(/: [0-3] of 3 answered/)
  await page.getByRole('button', { name: 'Restart' }).click()
  await expect.poll(() => page.locator('#results').textContent()).toBe('')
  expect(problems).toEqual([])
}, 120_000)

test('examples/browser: from a disk', async () => {
  const folder = await bundled(at('examples/browser'))
  const { page, problems } = await openPage(pathToFileURL(join(folder, 'index.html')).href)
  expect(await press(page, 'laptop pings phone')).toMatch(/: 3 of 3 answered/)
  expect(problems).toEqual([])
})
