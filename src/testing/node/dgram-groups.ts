/** Which groups a datagram socket is in, and whom it hears there. */
import type { UdpSocket } from '../host/udp-socket.js'
import { systemError } from './errors.js'

/** Everybody. */
const ANYBODY = ''

export class DatagramGroups {
  /** Of a group, who is heard. */
  readonly #heard = new Map<string, Set<string>>()

  /** @throws Error `EINVAL`: no group, `EADDRINUSE`: it is a member already */
  add(socket: UdpSocket, group: string, syscall: string, source = ANYBODY): void {
    if (!isGroup(group)) throw systemError('EINVAL', syscall)
    const heard = this.#heard.get(group)
    if (heard?.has(source)) throw systemError('EADDRINUSE', syscall)
    if (heard === undefined) socket.join(group)
    this.#heard.set(group, new Set([...(heard ?? []), source]))
  }

  /** @throws Error `EADDRNOTAVAIL`, of a source `EINVAL`: it is no member */
  drop(socket: UdpSocket, group: string, syscall: string, source = ANYBODY): void {
    const heard = this.#heard.get(group)
    if (!heard?.delete(source)) {
      throw systemError(source === ANYBODY ? 'EADDRNOTAVAIL' : 'EINVAL', syscall)
    }
    if (heard.size > 0) return
    this.#heard.delete(group)
    socket.leave(group)
  }

  /** What is no group is heard in any case. */
  hears(group: string, from: string): boolean {
    const heard = this.#heard.get(group)
    return heard === undefined || heard.has(ANYBODY) || heard.has(from)
  }
}

export const isGroup = (text: string): boolean =>
  /^(22[4-9]|23\d)\./.test(text) || /^ff/i.test(text)
