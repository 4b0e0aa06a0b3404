/** The kinds of device that pass the conformance suite; in a browser those of memory only, by
 * test/browser/support/device-kinds.ts. */
import type { Forwarder } from '../../src/dataplane/forwarder.js'
import { PacketDevice } from '../../src/device/packet.js'
import type { Queue } from '../../src/device/queue.js'
import { TapDevice } from '../../src/device/tap.js'
import { defer } from './cleanup.js'
import { type Carried, type End, type Ends, type Kind, MTU } from './device-ends.js'
import { memoryKinds } from './device-memory.js'
import { nativeEnds } from './device-native.js'
import { openPcap } from './device-pcap.js'
import { openDatagram, openPair, openSeqpacket, openStream } from './device-sockets.js'
import { ip, namespace } from './netns.js'
import { PacketSocket, packetSocket } from './packet.js'

export const kinds: Kind[] = [
  { name: 'tap', offloads: true, open: tapEnds },
  { name: 'packet', offloads: true, open: packetEnds },
  socketKind('unix stream', false, openStream),
  socketKind('unix seqpacket', false, openSeqpacket),
  socketKind('unix dgram', false, openDatagram),
  socketKind('pair', true, openPair),
  socketKind('pcap', false, openPcap),
  ...memoryKinds,
]

function socketKind(name: string, offloads: boolean, open: () => { queue: Queue; end: End }): Kind {
  return { name, offloads, open: (forwarder) => nativeEnds(forwarder, open) }
}

function tapEnds(forwarder: Forwarder): Ends {
  const netns = namespace(undefined, { ipv6: false })
  return nativeEnds(forwarder, (port) => {
    const name = `eth${port}`
    const tap = TapDevice.open({ name, netns, mtu: MTU }, 1)
    defer(() => tap.close())
    return { queue: tap.queues[0] as Queue, end: new InterfaceEnd(netns, name, tap.interfaceIndex) }
  })
}

/** Pairs of veth interfaces: the switch's ends are `sw0` to `sw2`, the network's `eth0` to `eth2`. */
function packetEnds(forwarder: Forwarder): Ends {
  const netns = namespace(undefined, { ipv6: false })
  return nativeEnds(forwarder, (port) => {
    const [name, peer] = [`eth${port}`, `sw${port}`]
    const both = ['mtu', String(MTU), 'up']
    ip('-n', netns, 'link', 'add', name, 'type', 'veth', 'peer', 'name', peer)
    for (const each of [name, peer]) ip('-n', netns, 'link', 'set', each, ...both)
    const device = PacketDevice.open({ name: peer, netns, promiscuous: true })
    defer(() => device.close())
    return { queue: device.queues[0] as Queue, end: new InterfaceEnd(netns, name, undefined, peer) }
  })
}

/**
 * The network's side of an interface: one socket listens; many send, each with a send buffer of its
 * own.
 */
class InterfaceEnd implements End {
  readonly #ear: PacketSocket
  readonly #mouths: PacketSocket[] = []

  /** @param device what is taken down and away: the interface itself, or its peer */
  constructor(
    readonly netns: string,
    readonly name: string,
    readonly interfaceIndex: number | undefined,
    readonly device = name,
  ) {
    this.#ear = packetSocket(netns, name)
  }

  inject({ header, frame }: Carried): boolean {
    if (this.#mouths.some((mouth) => mouth.send(frame, header))) return true
    if (this.#mouths.length === 64) return false
    const mouth = this.#newMouth()
    this.#mouths.push(mouth)
    return mouth.send(frame, header)
  }

  #newMouth(): PacketSocket {
    if (this.interfaceIndex === undefined) return packetSocket(this.netns, this.name)
    const mouth = new PacketSocket(this.netns, this.interfaceIndex)
    defer(() => mouth.close())
    return mouth
  }

  collect(): Carried[] {
    return this.#ear.take()
  }

  down(): void {
    ip('-n', this.netns, 'link', 'set', this.device, 'down')
  }

  destroy(): void {
    ip('-n', this.netns, 'link', 'del', this.device)
  }
}
