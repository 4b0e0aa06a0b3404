/**
 * Warms the module up before it touches a port: V8 compiles hot functions anew in the background,
 * and a function entered cold stays slow until it returns. The code belongs to the module, so what
 * a throw-away instance on a small memory of its own has warmed is warm for all instances.
 *
 * The ports are set up by hand: a Topology knows of policy and so of addresses, and reading addresses
 * takes a thread as long to load as all else that it needs.
 */
import { PortFlag } from '../dataplane/abi.js'
import { Forwarder } from '../dataplane/forwarder.js'
import { type Build, createMemory, WITHOUT_ROUTER } from '../dataplane/instance.js'
import { Manager, type PortSettings } from '../dataplane/manager.js'
import { MemoryDevice } from '../device/memory.js'
import { MemoryIo } from '../device/memory-io.js'

const CAPACITIES = {
  workers: 1,
  ports: 4,
  bridges: 1,
  vlans: 1,
  memberships: 4,
  macs: 64,
  arena: 1 << 20,
  ...WITHOUT_ROUTER,
}
/** A port that forwards everything. */
const OPEN: PortSettings = {
  flags:
    PortFlag.PRESENT |
    PortFlag.UP |
    PortFlag.FLOOD_BROADCAST |
    PortFlag.FLOOD_MULTICAST |
    PortFlag.FLOOD_UNKNOWN,
  ...{ bridge: 0, fid: 1, mtu: 1500, offloads: 31 },
  ...{ macLimit: 0, controlFrames: 0, mirrors: {}, rates: [] },
}
const FRAMES = 64
const ROUNDS = 40

/** Carries some thousand frames between two stations, flooded and unicast. */
export function warmUp(module: WebAssembly.Module, build: Build): void {
  const attachment = { module, memory: createMemory(module, build, CAPACITIES, [1, 2]) }
  const manager = new Manager(attachment, 1)
  manager.begin()
  manager.setDomain(1, {
    ageing: 300_000,
    bridge: 0,
    vid: 0,
    filtered: false,
    closed: false,
    suppresses: false,
  })
  const forwarder = new Forwarder(attachment, 0)
  const io = new MemoryIo(forwarder, CAPACITIES.arena)
  const devices = [0, 1, 2].map((port) => {
    const device = new MemoryDevice({ offloads: true })
    manager.setPort(port, OPEN)
    io.add(port, device)
    return device
  })
  manager.commit()
  for (let round = 0; round < ROUNDS; round++) {
    for (const port of [0, 1]) {
      for (let n = 0; n < FRAMES; n++) devices[port]?.send(frame(port, n % 4))
      io.wait(0)
      const count = io.receive(port)
      // The same burst again and again: its descriptors stay as they were received.
      for (let again = 0; again < 20; again++) forwarder.process(port, count, round)
    }
    forwarder.tick(round * 1000)
  }
}

/** A virtio-net header and 60 octets between station `port` and its peer, now and then broadcast. */
function frame(port: number, kind: number): Uint8Array {
  const bytes = new Uint8Array(12 + 60)
  if (kind === 0) bytes.fill(0xff, 12, 18)
  else bytes.set([2, 0, 0, 0, 0, 1 - port], 12)
  bytes.set([2, 0, 0, 0, 0, port, 0x08, 0x00], 18)
  return bytes
}
