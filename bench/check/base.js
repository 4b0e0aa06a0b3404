// The tree to compare with: another commit, built beside this one, that is given the loads of this one.
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { cp } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { stampOf } from '../../scripts/lib/files.js'
import { at, HouseError, top } from '../../scripts/lib/house.js'
import { must, run } from '../../scripts/lib/run.js'
import { native } from '../../scripts/steps/native.js'
import { wasm } from '../../scripts/steps/wasm.js'

/** What the figures in memory are of: sources of the module, of what drives it here, and of its compiler. */
export const MEASURED = [
  ...[
    'assembly',
    'asconfig.json',
    'native',
    'src/dataplane',
    'src/device',
    'src/control/directory',
  ],
  ...['package-lock.json', 'scripts/steps/wasm.js'],
]

const git = async (...args) => (await must('bench:check: git', 'git', args)).trim()

/** The full name of a commit, or undefined. */
async function commitOf(name) {
  const args = ['rev-parse', '--quiet', '--verify', `${name}^{commit}`]
  const { status, output } = await run('git', args)
  return status === 0 ? output.trim() : undefined
}

/**
 * The commit to compare with: the one that is named, else where this branch left the main one, else the
 * one before.
 *
 * @throws HouseError when there is none, as in a clone without history
 */
export async function findBase(named) {
  if (named !== undefined) {
    const commit = await commitOf(named)
    if (commit === undefined) throw new HouseError(`bench:check: --base ${named}: no such commit`)
    return commit
  }
  const head = await commitOf('HEAD')
  for (const main of ['origin/main', 'main']) {
    if ((await commitOf(main)) === undefined) continue
    const base = await git('merge-base', 'HEAD', main)
    if (base !== head) return base
  }
  const before = await commitOf('HEAD^')
  if (before !== undefined) return before
  throw new HouseError('bench:check: there is no commit before this one: say --base REF')
}

/** True when nothing that is measured has changed since a commit, committed or not. */
export async function isUnchangedSince(commit) {
  const args = ['diff', '--quiet', commit, '--', ...MEASURED]
  return (await run('git', args)).status === 0
}

const isSame = (one, other) => readFileSync(one).equals(readFileSync(other))

/** Puts the files of a commit into a folder below build/, once; returns it. */
async function checkOut(commit) {
  const folder = at('build/bench/base', commit)
  if (existsSync(join(folder, 'package.json'))) return folder
  rmSync(at('build/bench/base'), { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const archive = join(folder, 'base.tar')
  await git('archive', '--format=tar', `--output=${archive}`, commit)
  await must('bench:check: tar', 'tar', ['-xf', archive, '-C', folder])
  rmSync(archive)
  // Other packages than ours it installs for itself.
  if (isSame(at('package-lock.json'), join(folder, 'package-lock.json'))) {
    symlinkSync(at('node_modules'), join(folder, 'node_modules'), 'dir')
  }
  return folder
}

/** What this tree has built is taken over, so that only what differs is built anew. */
async function takeOver(folder) {
  for (const step of [wasm, native]) {
    if (existsSync(join(folder, relative(top, stampOf(step.name))))) continue
    for (const path of [...step.outputs(), stampOf(step.name)]) {
      await cp(path, join(folder, relative(top, path)), { recursive: true })
    }
  }
}

/**
 * The tree of a commit, built, with the bench of this one in place of its own: both are measured with the
 * same loads.
 *
 * @returns {Promise<string>} its folder
 */
export async function baseTree(commit) {
  const folder = await checkOut(commit)
  rmSync(join(folder, 'bench'), { recursive: true, force: true })
  await cp(at('bench'), join(folder, 'bench'), { recursive: true })
  // What the bench stands on, and an older tree need not have.
  await cp(at('scripts/lib/commands.js'), join(folder, 'scripts/lib/commands.js'))
  await takeOver(folder)
  for (const { name } of [wasm, native]) {
    const args = [join(folder, 'scripts/build.js'), '--only', name]
    await must('bench:check: the build of the base', process.execPath, args, { cwd: folder })
  }
  return folder
}
