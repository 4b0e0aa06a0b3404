/**
 * Noticing that a namespace is gone, or another one stands under its name. The kernel does not
 * tell: a name in /run/netns is watched as a file, and everything is looked at once a second, for
 * processes and for mounts that no watch reports.
 */
import { type FSWatcher, watch } from 'node:fs'
import { dirname } from 'node:path'
import {
  identifyNamespace,
  type NamespaceIdentity,
  resolveNamespace,
  sameNamespace,
} from './namespace.js'

const INTERVAL_MS = 1000

/** @param now which namespace it is now; undefined when there is none */
export type NamespaceListener = (now: NamespaceIdentity | undefined) => void

interface Watched {
  path: string
  known: NamespaceIdentity | undefined
  listener: NamespaceListener
}

const watched = new Set<Watched>()
const directories = new Map<string, FSWatcher>()
let timer: NodeJS.Timeout | undefined

/**
 * Calls back whenever the namespace of this spec becomes another, none, or one again. One timer and
 * one watch a directory serve all. They do not keep the process alive.
 *
 * @param known which one the caller believes it to be
 * @returns what stops it
 */
export function watchNamespace(
  spec: string | undefined,
  known: NamespaceIdentity | undefined,
  listener: NamespaceListener,
): () => void {
  const entry = { path: resolveNamespace(spec).path, known, listener }
  watched.add(entry)
  timer ??= setInterval(checkAll, INTERVAL_MS).unref()
  watchDirectories()
  return () => forget(entry)
}

function forget(entry: Watched): void {
  watched.delete(entry)
  if (watched.size > 0) return
  clearInterval(timer)
  timer = undefined
  for (const watcher of directories.values()) watcher.close()
  directories.clear()
}

function checkAll(): void {
  watchDirectories()
  const present = new Map<string, NamespaceIdentity | undefined>()
  for (const entry of [...watched]) {
    const { path } = entry
    if (!present.has(path)) present.set(path, identifyNamespace(path))
    // A listener before this one may have stopped it.
    if (watched.has(entry)) compare(entry, present.get(path))
  }
}

function compare(entry: Watched, now: NamespaceIdentity | undefined): void {
  if (sameNamespace(entry.known, now)) return
  entry.known = now
  entry.listener(now)
}

/** The directory may come later: /run/netns is made with the first name in it. */
function watchDirectories(): void {
  for (const { path } of watched) {
    const directory = dirname(path)
    // procfs has no notifications.
    if (!directory.startsWith('/proc/') && !directories.has(directory)) watchDirectory(directory)
  }
}

function watchDirectory(directory: string): void {
  try {
    const watcher = watch(directory, { persistent: false }, checkAll)
    watcher.on('error', () => {
      watcher.close()
      directories.delete(directory)
    })
    directories.set(directory, watcher)
  } catch {
    // No such directory yet, or no watches left: the timer looks anyway.
  }
}
