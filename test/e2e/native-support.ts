/** Namespaces, frames and memory for the tests of the addon and of TAP devices. */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { buildSync } from 'esbuild'
import { afterEach } from 'vitest'
import { loadNative } from '../../src/device/native.js'

let serial = 0

export function ip(...args: string[]): string {
  return execFileSync('ip', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
}

/** What `ip -j` prints, in a namespace. */
export function ipJson<T>(netns: string, ...args: string[]): T {
  return JSON.parse(ip('-n', netns, '-j', ...args)) as T
}

/** A name that no other test uses. */
export function uniqueName(): string {
  return `nat${process.pid.toString(36)}${(serial++).toString(36)}`
}

const cleanups: (() => void)[] = []

/** Undone after the test, whatever its end; the last first. */
export function defer(cleanup: () => void): void {
  cleanups.push(cleanup)
}

afterEach(() => {
  for (const cleanup of cleanups.splice(0).reverse()) cleanup()
})

/** A namespace without IPv6, so that nothing in it speaks of its own accord. */
export function quietNamespace(): string {
  const name = namespace()
  const off = 'echo 1 > /proc/sys/net/ipv6/conf/default/disable_ipv6'
  execFileSync('ip', ['netns', 'exec', name, 'sh', '-c', off])
  return name
}

export function namespace(name = uniqueName()): string {
  ip('netns', 'add', name)
  defer(() => spawnSync('ip', ['netns', 'del', name]))
  return name
}

export interface TestTap {
  fd: number
  netns: string
  interfaceIndex: number
}

/** A TAP with one queue and virtio headers of 12 bytes, made without any code but the addon's. */
export function rawTap(netns: string, name: string, mtu = 1500): TestTap {
  const native = loadNative()
  const temporary = uniqueName()
  const { fd } = native.tapOpen(temporary, 0x5002)
  defer(() => native.close(fd))
  native.tapSetVnetHeaderSize(fd, 12)
  ip('link', 'set', temporary, 'netns', netns, 'name', name)
  ip('-n', netns, 'link', 'set', name, 'mtu', String(mtu), 'up')
  const [link] = ipJson<{ ifindex: number }[]>(netns, 'link', 'show', name)
  return { fd, netns, interfaceIndex: link?.ifindex ?? 0 }
}

/** A packet socket at the inner end of a TAP. */
export function packetSocket({ netns, interfaceIndex }: TestTap): number {
  const native = loadNative()
  const { fd: namespaceFd } = native.namespaceOpen(`/run/netns/${netns}`)
  try {
    const fd = native.packetOpen(namespaceFd, interfaceIndex, 12)
    defer(() => native.close(fd))
    return fd
  } finally {
    native.close(namespaceFd)
  }
}

/** An Ethernet frame of an experimental type, `fill` all over, behind an empty virtio header. */
export function testFrame(length: number, fill: number): Uint8Array {
  const frame = new Uint8Array(12 + length).fill(fill, 26)
  frame.set([0x02, 0, 0, 0, 0, 1, 0x02, 0, 0, 0, 0, 2, 0x88, 0xb5], 12)
  return frame
}

/** The frames that wait at a packet socket, without their virtio headers. */
export function received(socket: number): Uint8Array[] {
  const native = loadNative()
  const frames: Uint8Array[] = []
  const buffer = new Uint8Array(70_000)
  for (;;) {
    const length = native.readFrame(socket, buffer)
    if (length < 0) return frames
    frames.push(buffer.slice(12, length))
  }
}

const root = fileURLToPath(new URL('../..', import.meta.url))

/**
 * Runs a script that may import what `src/` exports, in a process of its own, behind a command if
 * one is given. Two levels below the root, as the product is, so that it finds the addon.
 */
export function runScript(source: string, ...command: string[]) {
  const directory = `${root}build/${uniqueName()}`
  mkdirSync(directory, { recursive: true })
  try {
    buildSync({
      stdin: { contents: source, resolveDir: `${root}src`, loader: 'ts' },
      outfile: `${directory}/script.mjs`,
      bundle: true,
      platform: 'node',
      format: 'esm',
    })
    const [file = '', ...args] = [...command, process.execPath, `${directory}/script.mjs`]
    const { status, stdout, stderr } = spawnSync(file, args, { encoding: 'utf8', timeout: 20_000 })
    return { status, stdout, stderr }
  } finally {
    rmSync(directory, { recursive: true })
  }
}
