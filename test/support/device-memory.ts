/** The devices that are memory, on a bench: they need no kernel. */
import type { Forwarder } from '../../src/dataplane/forwarder.js'
import { MemoryDevice } from '../../src/device/memory.js'
import { MemoryIo } from '../../src/device/memory-io.js'
import { ARENA, type Ends, type Kind, MTU, portNumbers } from './device-ends.js'
import { decode, encode, NOTHING } from './virtio.js'

export const memoryKinds: readonly Kind[] = [
  memoryKind('memory', true),
  memoryKind('memory without offloads', false),
]

function memoryKind(name: string, offloads: boolean): Kind {
  return { name, offloads, open: (forwarder) => memoryEnds(forwarder, offloads) }
}

function memoryEnds(forwarder: Forwarder, offloads: boolean): Ends {
  const io = new MemoryIo(forwarder, ARENA)
  const devices = portNumbers.map(() => new MemoryDevice({ mtu: MTU, offloads }))
  for (const [port, device] of devices.entries()) io.add(port, device)
  const at = (port: number) => devices[port] as MemoryDevice
  return {
    io,
    inject: (port, { header, frame }) => at(port).send(offloads ? encode(header, frame) : frame),
    collect: (port) =>
      at(port)
        .take()
        .map((bytes) => (offloads ? decode(bytes) : { header: NOTHING, frame: bytes })),
    down: (port) => at(port).close(),
    destroy: (port) => at(port).close(),
  }
}
