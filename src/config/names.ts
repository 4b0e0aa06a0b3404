/** Names that people choose: of bridges and ports, of interfaces, of network namespaces, of users. */
import { InvalidError } from '../error.js'
import { describe } from './describe.js'

/** `__proto__` is no name: too much JavaScript between here and the user trips over it. */
export const NAME_PATTERN = /^(?!__proto__$)[A-Za-z0-9_.:-]{1,64}$/
export const NAME = 'a name of 1 to 64 letters, digits and _ . : - (not "__proto__")'

/** IFNAMSIZ - 1 (linux/if.h). */
const INTERFACE_NAME_MAX = 15

export const INTERFACE_NAME =
  'an interface name: 1 to 15 bytes, without "/", ":", "%", spaces and control characters'

/**
 * What the kernel takes for a name that it is told to use as it stands (dev_valid_name and
 * dev_alloc_name, net/core/dev.c), less control characters. `%` would make it a template.
 */
export function checkInterfaceName(text: string): string {
  const bytes = new TextEncoder().encode(text)
  if (bytes.length === 0 || bytes.length > INTERFACE_NAME_MAX) {
    const found = bytes.length === 0 ? '""' : `${describe(text)} (${bytes.length} bytes)`
    throw new InvalidError(found, INTERFACE_NAME)
  }
  // 0xA0 is a space to the kernel's Latin-1 ctype, so UTF-8 that contains it (an à) is refused.
  const refused = bytes.some((byte) => byte <= 0x20 || byte === 0x7f || byte === 0xa0)
  if (refused || /[/:%]/.test(text)) throw new InvalidError(describe(text), INTERFACE_NAME)
  // The last two have directories of that name below /proc/sys/net/ipv4/conf.
  if (!['.', '..', 'all', 'default'].includes(text)) return text
  throw new InvalidError(
    describe(text),
    'an interface name the kernel does not keep for itself (".", "..", "all", "default")',
  )
}

export const NETNS =
  'a network namespace: a name (as in "ip netns"), an absolute path, or "pid:N" of a process'

/** PID_MAX_LIMIT (linux/threads.h) on 64-bit machines. */
const PID_MAX = 4_194_304

/** Form only; whether it exists is known when it is opened. */
export function checkNetns(text: string): string {
  if (text.startsWith('container:')) {
    throw new InvalidError(
      describe(text),
      `${NETNS} (this version does not have "container:" yet; "pid:N" of its first process works)`,
    )
  }
  const pid = /^pid:([1-9]\d*)$/.exec(text)?.[1]
  const known = pid === undefined ? isNetnsPath(text) || isNetnsName(text) : Number(pid) <= PID_MAX
  if (known) return text
  throw new InvalidError(describe(text), NETNS)
}

function isNetnsPath(text: string): boolean {
  return text.startsWith('/') && text.length < 4096 && !hasControl(text)
}

/** A colon is kept for `KIND:ID`; a namespace whose name has one is reached by its path. */
function isNetnsName(text: string): boolean {
  const bytes = new TextEncoder().encode(text).length
  return (
    bytes > 0 &&
    bytes < 256 &&
    text !== '.' &&
    text !== '..' &&
    !/[/:]|\s/.test(text) &&
    !hasControl(text)
  )
}

function hasControl(text: string): boolean {
  for (const character of text) {
    const code = character.charCodeAt(0)
    if (code < 0x20 || code === 0x7f) return true
  }
  return false
}

/**
 * The same text for the same namespace, as far as text can tell: `web` is `/run/netns/web` and
 * `/var/run/netns/web`. A PID and a name of one namespace are told apart only when it is opened.
 */
export function netnsKey(netns: string | undefined): string {
  if (netns === undefined) return ''
  const path = netns.startsWith('/') || netns.startsWith('pid:') ? netns : `/run/netns/${netns}`
  return path.replace(/\/+/g, '/').replace(/^\/var\/run\//, '/run/')
}

/** sizeof(sockaddr_un.sun_path) - 1 (linux/un.h). */
const SOCKET_PATH_MAX = 107

export const SOCKET_PATH = `an absolute path of at most ${SOCKET_PATH_MAX} bytes`

export function checkSocketPath(text: string): string {
  const fits = new TextEncoder().encode(text).length <= SOCKET_PATH_MAX
  if (fits && text.startsWith('/') && !text.endsWith('/') && !hasControl(text)) return text
  throw new InvalidError(describe(text), SOCKET_PATH)
}

/** PATH_MAX (linux/limits.h) less the terminating zero. */
const FILE_PATH_MAX = 4095

export const FILE_PATH = `a file's path of at most ${FILE_PATH_MAX} bytes`

/** Relative ones too: to where Linkspan was started. */
export function checkFilePath(text: string): string {
  const bytes = new TextEncoder().encode(text).length
  const fits = bytes > 0 && bytes <= FILE_PATH_MAX
  if (fits && !text.endsWith('/') && !hasControl(text)) return text
  throw new InvalidError(describe(text), FILE_PATH)
}

/** The same text for the same path, as far as text can tell. */
export function pathKey(path: string): string {
  return path
    .replace(/\/+/g, '/')
    .replace(/\/(\.\/)+/g, '/')
    .replace(/^(\.\/)+/, '')
}

/** As useradd(8) takes them. */
export const ACCOUNT_PATTERN = /^[a-zA-Z_][\w.-]{0,30}\$?$/
