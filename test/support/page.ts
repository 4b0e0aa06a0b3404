/** Pages in Chromium: made by a bundler, served from this machine, watched for what goes wrong in them. */
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join, normalize } from 'node:path'
import { chromium, type Page } from 'playwright'
import { build } from 'vite'
import { launchOptions } from '../../scripts/lib/chromium.js'
import { at } from '../../scripts/lib/house.js'
import { defer } from './cleanup.js'
import { directory } from './linkspan.js'

const TYPES: Record<string, string> = { '.html': 'text/html', '.js': 'text/javascript' }

export interface ServeOptions {
  headers?: Record<string, string>
  /** Path of a URL → the folder in which what is below it lies. */
  folders?: Record<string, string>
}

/** A static server on the loopback interface: its address, with a slash at the end. */
export async function served(folder: string, { headers = {}, folders = {} }: ServeOptions = {}) {
  const server = createServer(({ url = '/' }, response) => {
    const path = normalize(decodeURIComponent(new URL(url, 'http://localhost').pathname))
    const prefix = Object.keys(folders).find((one) => path.startsWith(one))
    const file = prefix
      ? join(folders[prefix] as string, path.slice(prefix.length))
      : join(folder, path.endsWith('/') ? `${path}index.html` : path)
    try {
      const octets = readFileSync(file)
      const type = TYPES[extname(file)] ?? 'application/octet-stream'
      response.writeHead(200, { ...headers, 'content-type': type }).end(octets)
    } catch {
      // Browsers ask for an icon unasked, and tell of it where there is none.
      response.writeHead(path === '/favicon.ico' ? 204 : 404).end()
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  defer(() => server.closeAllConnections())
  defer(() => server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
}

/** Has vite bundle the page in a folder, by the config that is there; returns the folder of the result. */
export async function bundled(root: string): Promise<string> {
  const outDir = directory()
  await build({ root, base: './', logLevel: 'error', build: { outDir, emptyOutDir: true } })
  return outDir
}

/** A folder with that page; in the checkout, since what it imports is found from there. */
export function folderWith(files: Record<string, string>): string {
  const folder = directory(at('build'))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  return folder
}

/** A page of a browser of its own, and what it complains of: errors, warnings, what did not load. */
export async function openPage(url: string): Promise<{ page: Page; problems: string[] }> {
  const browser = await chromium.launch(launchOptions())
  defer(() => browser.close())
  const page = await browser.newPage({ viewport: { width: 1400, height: 1000 } })
  const problems: string[] = []
  page.on('pageerror', (error) => problems.push(String(error)))
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) problems.push(message.text())
  })
  page.on('requestfailed', (request) => problems.push(`${request.url()} did not load`))
  await page.goto(url)
  return { page, problems }
}
