/** Network namespaces: by name, by path, by process. */
import { statSync } from 'node:fs'
import { InvalidError } from '../error.js'
import { attempt } from './error.js'
import { loadNative } from './native.js'

const OWN = '/proc/self/ns/net'

/** A namespace that was asked for; it may not be there. */
export interface NamespaceReference {
  /** As it was written; absent for our own. */
  spec: string | undefined
  path: string
  /** For people: `namespace 'web'`, `our own namespace`. */
  label: string
}

/** What a namespace is known by as long as something keeps it alive; then it may be given again. */
export interface NamespaceIdentity {
  device: number
  inode: number
}

/** @param spec a name in /run/netns, a path (with a slash), `pid:N`, or undefined: our own */
export function resolveNamespace(spec: string | undefined): NamespaceReference {
  if (spec === undefined) return { spec, path: OWN, label: 'our own namespace' }
  return { spec, path: pathOf(spec), label: `namespace '${spec}'` }
}

function pathOf(spec: string): string {
  if (spec.startsWith('pid:')) {
    if (/^pid:[1-9]\d{0,9}$/.test(spec)) return `/proc/${spec.slice(4)}/ns/net`
    throw new InvalidError(JSON.stringify(spec), 'a process as in "pid:4242"')
  }
  if (spec.includes('\0') || spec === '') {
    throw new InvalidError(JSON.stringify(spec), 'a namespace by name, path or "pid:N"')
  }
  return spec.includes('/') ? spec : `/run/netns/${spec}`
}

/** Which namespace is at a path now; undefined when there is none. */
export function identifyNamespace(path: string): NamespaceIdentity | undefined {
  const status = statSync(path, { throwIfNoEntry: false })
  // A name in /run/netns is a plain file until the namespace is mounted on it.
  if (status === undefined || status.dev !== statSync(OWN).dev) return undefined
  return { device: status.dev, inode: status.ino }
}

export function sameNamespace(
  one: NamespaceIdentity | undefined,
  other: NamespaceIdentity | undefined,
): boolean {
  return one?.device === other?.device && one?.inode === other?.inode
}

export function namespaceExists(spec: string | undefined): boolean {
  return identifyNamespace(resolveNamespace(spec).path) !== undefined
}

export interface OpenNamespace extends NamespaceIdentity {
  /** Keeps the namespace alive until it is closed; -1 for our own, which needs none. */
  fd: number
}

/** Opens a namespace, or says by name why not. */
export function openNamespace({ path, label, spec }: NamespaceReference): OpenNamespace {
  const native = loadNative()
  const step = { what: `open ${label}`, device: path, hints: hintsFor(spec, path) }
  const opened = attempt(step, () => native.namespaceOpen(path))
  if (!sameNamespace(opened, identifyNamespace(OWN))) return opened
  native.close(opened.fd)
  return { ...opened, fd: -1 }
}

function hintsFor(spec = '', path: string): Record<string, string> {
  const missing = spec.startsWith('pid:')
    ? `there is no process ${spec.slice(4)}`
    : `there is nothing at ${path}; "ip netns add NAME" makes a namespace by name`
  return {
    ENOENT: missing,
    EINVAL: `${path} is not a network namespace`,
    EACCES: 'it belongs to another user: run as root',
    EPERM: 'it belongs to another user: run as root',
  }
}
