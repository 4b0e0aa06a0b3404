/** The package as a user has it: packed, unpacked into a folder of its own, and what it depends on beside it. */
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { packageJson } from '../../scripts/lib/house.js'

const root = fileURLToPath(new URL('../..', import.meta.url))

/**
 * Packs what is built, without building again: the addon is the one of this machine, and the kernels of the micro
 * benchmark are not there, which take a minute to compile.
 *
 * @returns the folder of a project that has the package installed, and what removes it
 */
export function installPacked(): { folder: string; remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'linkspan-packed-'))
  const modules = join(folder, 'node_modules')
  const own = join(modules, 'linkspan')
  mkdirSync(own, { recursive: true })
  const pack = ['pack', '--ignore-scripts', '--silent', '--pack-destination', folder]
  const [tarball = ''] = execFileSync('npm', pack, { cwd: root, encoding: 'utf8' })
    .trim()
    .split('\n')
    .slice(-1)
  execFileSync('tar', ['-xzf', join(folder, tarball), '-C', own, '--strip-components=1'])
  const addon = `native/prebuilds/linux-${process.arch}/linkspan.node`
  cpSync(join(root, 'native/build/Release/linkspan.node'), join(own, addon))
  for (const name of Object.keys(packageJson().dependencies)) {
    symlinkSync(join(root, 'node_modules', name), join(modules, name), 'dir')
  }
  return { folder, remove: () => rmSync(folder, { recursive: true }) }
}
