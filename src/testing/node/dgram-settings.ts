/** What can be set of a `dgram.Socket`, or asked of it, and sends nothing. */
import { EventEmitter } from 'node:events'
import { systemError } from './errors.js'

/** What Linux has where nobody asked for something else. */
const BUFFER = 212_992

export class DatagramSettings extends EventEmitter {
  /** @internal */
  protected mayBroadcast = false
  /** @internal */
  protected ttl = 64
  /** @internal */
  protected groupTtl = 1
  /** @internal */
  protected groupLoops = true
  /** @internal */
  protected groupsInside = false

  /** @internal @throws Error `EBADF` */
  protected mustBeBound(_syscall: string): void {}

  setBroadcast(flag: boolean): void {
    this.mustBeBound('setBroadcast')
    this.mayBroadcast = flag
  }

  setTTL(ttl: number): number {
    this.mustBeBound('setTTL')
    this.ttl = hops(ttl, 'setTTL')
    return ttl
  }

  setMulticastTTL(ttl: number): number {
    this.mustBeBound('setMulticastTTL')
    this.groupTtl = hops(ttl, 'setMulticastTTL')
    return ttl
  }

  /** Whether what it sends to a group comes to its own host; it does if nobody says otherwise. */
  setMulticastLoopback(flag: boolean): boolean {
    this.mustBeBound('setMulticastLoopback')
    this.groupLoops = flag
    return flag
  }

  /** 127.0.0.1 or ::%lo: what it sends to groups stays in the host. Others are all its link. */
  setMulticastInterface(name: string): void {
    this.mustBeBound('setMulticastInterface')
    this.groupsInside = /^127\.|^::1(%|$)|%lo$/.test(name)
  }

  setRecvBufferSize(_size: number): void {}
  setSendBufferSize(_size: number): void {}

  getRecvBufferSize(): number {
    return BUFFER
  }

  getSendBufferSize(): number {
    return BUFFER
  }

  /** Datagrams leave when they are sent. */
  getSendQueueSize(): number {
    return 0
  }

  getSendQueueCount(): number {
    return 0
  }
}

function hops(ttl: number, syscall: string): number {
  if (Number.isInteger(ttl) && ttl >= 1 && ttl <= 255) return ttl
  throw systemError('EINVAL', syscall)
}
