import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { launchOptions } from '../../scripts/lib/chromium.js'
import { ensureBrowser, ensureTools } from '../../scripts/setup.js'
import { tree } from './tree.js'

/** A folder with commands of these names, to search instead of PATH: apt-get is never among them. */
function pathWith(...commands: string[]): string {
  const folder = tree(Object.fromEntries(['README', ...commands].map((name) => [name, ''])))
  for (const command of commands) chmodSync(join(folder, command), 0o755)
  return folder
}

describe('looking for commands', () => {
  it('is content when they are there', () => {
    expect(ensureTools(['ping', 'iperf3'], { path: pathWith('ping', 'iperf3') })).toEqual([])
  })

  it('names what is missing and the packages that bring it', () => {
    expect(() => ensureTools(['ping', 'ovs-vsctl'], { path: pathWith('ping') })).toThrow(
      /^ovs-vsctl: not found\. .* apt-get install openvswitch-switch$/,
    )
  })

  it('does not take a file that cannot be run for a command', () => {
    expect(() => ensureTools(['README'], { path: pathWith() })).toThrow('README: not found')
  })

  it('goes on without what is optional, and says what', () => {
    const path = pathWith('ping')
    expect(ensureTools(['ping', 'iperf3'], { path, optional: true })).toEqual(['iperf3'])
  })
})

describe('looking for a browser', () => {
  afterEach(() => {
    vi.unstubAllEnvs()
  })

  it.each(['chromium', 'chromium-browser', 'google-chrome'])('is content with %s', (name) => {
    expect(() => ensureBrowser(pathWith(name))).not.toThrow()
  })

  it('names what is missing, the package that brings it, and what else will do', () => {
    vi.stubEnv('CHROME_BIN', undefined)
    expect(() => ensureBrowser(pathWith())).toThrow(
      /^chromium: not found\. .* apt-get install chromium\. Or set CHROME_BIN to /,
    )
  })

  it('takes the one that CHROME_BIN names', () => {
    vi.stubEnv('CHROME_BIN', '/opt/chrome')
    expect(() => ensureBrowser(pathWith())).not.toThrow()
    expect(launchOptions().executablePath).toBe('/opt/chrome')
  })
})
