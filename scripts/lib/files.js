// Files of the checkout, and what they hash to.
import { createHash } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { at, top } from './house.js'

/**
 * All files below a folder, sorted, absolute; none when the folder does not exist.
 *
 * @param {(name: string) => boolean} keep decides by the path relative to `folder`
 */
export function filesBelow(folder, keep = () => true) {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { recursive: true })
    .filter((name) => keep(name) && statSync(join(folder, name)).isFile())
    .sort()
    .map((name) => join(folder, name))
}

/** Writes a file, making its folder, unless it already says the same: its time stamp then stays. */
export function write(path, content) {
  if (existsSync(path) && readFileSync(path, 'utf8') === content) return
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, content)
}

/** One hash over the paths and contents of files and over further strings. */
export function hashOf(files, extra = []) {
  const hash = createHash('sha256')
  for (const file of files) {
    hash
      .update(`${relative(top, file)}\0`)
      .update(readFileSync(file))
      .update('\0')
  }
  for (const text of extra) hash.update(`${text}\0`)
  return hash.digest('hex')
}

/** Where it is noted what a step was last run on. */
export const stampOf = (name) => at('build', 'stamps', name)

/** True when the step `name` last ran on inputs of this hash and all it made is still there. */
export function isFresh(name, hash, outputs) {
  const path = stampOf(name)
  return existsSync(path) && readFileSync(path, 'utf8') === hash && outputs().every(existsSync)
}

/** Forgets that the step `name` ever ran: from here until it is stamped, what it made is not whole. */
export const unstamp = (name) => rmSync(stampOf(name), { force: true })

export const stamp = (name, hash) => write(stampOf(name), hash)
