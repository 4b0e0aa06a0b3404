/** A `dgram.Socket` as a member of groups. */
import type { UdpSocket } from '../host/udp-socket.js'
import { DatagramGroups } from './dgram-groups.js'
import { DatagramSettings } from './dgram-settings.js'

export abstract class DatagramMembership extends DatagramSettings {
  /** @internal */
  protected readonly groups = new DatagramGroups()

  /** @internal The socket; one that is not bound yet is bound by that. */
  protected abstract bound(): UdpSocket

  /** Takes in what is sent to a group. */
  addMembership(group: string, _interface?: string): void {
    this.groups.add(this.bound(), group, 'addMembership')
  }

  dropMembership(group: string, _interface?: string): void {
    this.groups.drop(this.bound(), group, 'dropMembership')
  }

  /** The same of what one of them sends. */
  addSourceSpecificMembership(source: string, group: string, _interface?: string): void {
    this.groups.add(this.bound(), group, 'addSourceSpecificMembership', source)
  }

  dropSourceSpecificMembership(source: string, group: string, _interface?: string): void {
    this.groups.drop(this.bound(), group, 'dropSourceSpecificMembership', source)
  }
}
