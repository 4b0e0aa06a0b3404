/** A TAP station and a Unix port on one bridge. */
import { join } from 'node:path'
import { BROADCAST, frame, station as mac, markOf } from './frames.js'
import { configOf, type Station, station } from './lab.js'
import { directory, type Linkspan, up } from './linkspan.js'
import { namespace } from './netns.js'
import { type PacketSocket, packetSocket } from './packet.js'
import { until } from './until.js'
import type { Vm } from './vm.js'

export interface UnixLab {
  running: Linkspan
  /** Behind a TAP. */
  a: Station
  ear: PacketSocket
  path: string
}

/** A TAP station `a` and a Unix port `vm`. */
export async function unixLab(device: object = {}): Promise<UnixLab> {
  const a = station(0)
  namespace(a.netns, { ipv6: false })
  const path = join(directory(), 'vm.sock')
  const vm = { bridge: 'lan', device: { type: 'unix', path, ...device } }
  const config = configOf([a], { ipv6: false })
  const running = await up({ ...config, ports: { ...config.ports, vm } })
  return { running, a, ear: packetSocket(a.netns), path }
}

/** Marks of the frames of the test that came. */
export function marks(ear: PacketSocket): number[] {
  return ear
    .take()
    .filter(({ frame: bytes }) => bytes[12] === 0x88 && bytes[13] === 0xb5)
    .map(({ frame: bytes }) => markOf(bytes))
}

export const fromVm = (mark: number, length = 60) => frame(BROADCAST, mac(77), mark, length)
export const toVm = (mark: number, length = 60) => frame(BROADCAST, mac(78), mark, length)

export async function heard(ear: PacketSocket, mark: number): Promise<void> {
  await until(`frame ${mark} to arrive`, () => marks(ear).includes(mark))
}

/** Frames go both ways. */
export async function talk(vm: Vm, { ear }: UnixLab, mark: number): Promise<void> {
  await vm.send(fromVm(mark))
  await heard(ear, mark)
  ear.send(toVm(mark + 1))
  await vm.receives(mark + 1)
}

export async function drops({ running }: UnixLab, reason: string): Promise<number> {
  const all = await running.show<{ port: string; reason: string; frames: number }[]>('drops')
  return all.find((drop) => drop.port === 'vm' && drop.reason === reason)?.frames ?? 0
}

export const absent = (path: string) => `no client is connected to ${path}`
