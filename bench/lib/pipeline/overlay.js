// A switch of three ports in memory: a container, another one, and a tunnel over an underlay; and frames
// into the tunnel, out of it, and from one container to the other.
import { random } from '../random.js'
import { dataplane } from './dataplane.js'
import { capacities, Runner } from './runner.js'
import { makeStream, packed } from './stream.js'

const SEED = [0x12345678, 0x9abcdef0]
const VIRTIO_HEADER = 12
/** What the underlay's sockets say of a datagram, and of a run. */
const DATA_VALID = 2
const GSO_UDP_L4 = 5
const ETHERNET = 14
/** Ethernet, IPv4, UDP. */
export const OUTER = 42
export const VXLAN = 8
const VNI = 42
const ENDS = { ours: 0xc0000201, theirs: 0xc0000202 }
/** As far as anything looks into an inner frame: Ethernet, IPv4 and UDP. */
const LOOKED_AT = 42

/** Hosts that a frame is to: `near` and `here` are containers, `far` is behind the tunnel. */
const hosts = { near: 1, here: 2, far: 3 }
const macOf = (host) => 0x0a000000 + hosts[host]

/** Numbers of the ports, in the order in which they are added. */
export const ports = { near: 0, here: 1, underlay: 2, tunnel: 3 }

/** What is kept from frame to frame of the underlay's sockets: a datagram's place (native/queue-udp.c), or a
 * run's room. */
const PLACE = 2368
const RUN_ROOM = 65_920
const OUTER_AT = 262 - OUTER

export class OverlaySwitch extends Runner {
  static async create() {
    const rooms = await dataplane()
    const module = await rooms.sharedModule()
    const memory = rooms.createMemory(module, 'shared', capacities(65_536), SEED)
    return new OverlaySwitch(rooms, { module, memory })
  }

  constructor(rooms, attachment) {
    super(rooms, attachment)
    const topology = new rooms.Topology(this.manager, capacities(0))
    topology.addBridge('lan', { ageing: 300_000 })
    topology.addBridge('outside', { ageing: 300_000 })
    const container = { bridge: 'lan', up: true, mtu: 1500, offloads: 31 }
    for (const name of ['near', 'here']) topology.addPort(name, container)
    const wire = { bridge: 'outside', up: true, mtu: 65_535, offloads: 31, underlay: true }
    topology.addPort('underlay', wire)
    const tunnel = {
      ...{ underlay: 'underlay', vni: VNI, local: '192.0.2.1', remote: '192.0.2.2', port: 4789 },
      ...{ sources: { first: 49_152, count: 16_384 }, ttl: 64, dscp: 'copy' },
      ...{ strict: false, tagged: false },
    }
    const offloads = rooms.TUNNEL_OFFLOADS
    topology.addPort('tunnel', { bridge: 'lan', up: true, mtu: 1500, offloads, tunnel })
    topology.flush()
    this.tapFrame = this.firstFrame
    for (const [host, port] of [
      ['near', ports.near],
      ['here', ports.here],
      ['far', ports.tunnel],
    ]) {
      const entry = { fid: 1, port, macHigh: 0x0200, macLow: macOf(host), static: false }
      this.manager.fdb.set(entry, START)
    }
  }

  load(stream) {
    super.load(stream)
    this.firstFrame = stream.outer ? this.forwarder.arena + OUTER_AT : this.tapFrame
  }
}

/** Writes an inner frame's headers: UDP of one of 1,024 flows. */
function writeInner(record, at, [from, to], length, flow) {
  for (const [index, host] of [to, from].entries()) {
    record.writeUInt16BE(0x0200, at + index * 6)
    record.writeUInt32BE(macOf(host), at + index * 6 + 2)
  }
  record.writeUInt16BE(0x0800, at + 12)
  writeIPv4(record, at + ETHERNET, [0x0a370000 + hosts[from], 0x0a370000 + hosts[to]], length - 14)
  record.writeUInt32BE(0x0400_1b5f + flow * 0x10000, at + 34)
}

function writeIPv4(record, at, [source, destination], total) {
  record.writeUInt32BE(0x45000000 + total, at)
  record.writeUInt32BE(0x4000, at + 4) // DF
  record.writeUInt16BE(0x4011, at + 8) // TTL 64, UDP
  record.writeUInt32BE(source, at + 12)
  record.writeUInt32BE(destination, at + 16)
}

/** Writes the outer headers of `octets` of UDP payload. */
function writeOuter(record, at, octets, flow) {
  record.writeUInt16BE(0x0800, at + 12)
  writeIPv4(record, at + ETHERNET, [ENDS.theirs, ENDS.ours], octets + 28)
  record.writeUInt16BE(0xc000 + flow, at + 34)
  record.writeUInt16BE(4789, at + 36)
  record.writeUInt16BE(octets + 8, at + 38)
}

function writeVxlan(record, at) {
  record.writeUInt32BE(0x08000000, at)
  record.writeUInt32BE(VNI << 8, at + 4)
}

const FLOWS = 1024
/** The clock's start, when all MACs were seen. */
const START = 1000
/**
 * @typedef {number | ((frame: number) => number)} Length octets of a frame without FCS: of all, or of each of a
 *   burst by its place
 */
const lengthAt = (length, frame) => (typeof length === 'number' ? length : length(frame))
const even = (octets) => (octets + 1) & -2
const shapeOf = (burstFrames, mpps) => ({
  ...{ burstCount: 64, burstFrames, start: START },
  step: burstFrames / mpps / 1e3,
})

/**
 * Bursts of `burstFrames` frames from one container to `to`.
 *
 * @param {Length} length
 */
export function innerStream(to, length, burstFrames, mpps) {
  const recordSize = 4 + even(VIRTIO_HEADER + LOOKED_AT)
  const stride = typeof length === 'number' ? packed(length) : 0
  const shape = { ...shapeOf(burstFrames, mpps), recordSize, stride }
  const next = random(1)
  return makeStream(
    shape,
    () => ports.near,
    (record, _, frame) => {
      const octets = lengthAt(length, frame)
      writeInner(record, VIRTIO_HEADER, ['near', to], octets, next() % FLOWS)
      return octets
    },
  )
}

/**
 * Bursts of `burstFrames` runs of `datagrams` datagrams each, of frames of `length` octets from behind the
 * tunnel to a container. A run is of one flow, and of frames of one length.
 *
 * @param {Length} length
 */
export function outerStream(length, datagrams, burstFrames, mpps) {
  const last = OUTER + (datagrams - 1) * (VXLAN + lengthAt(length, 0)) + VXLAN + LOOKED_AT
  const stride = datagrams === 1 ? PLACE : RUN_ROOM
  const shape = {
    ...shapeOf(burstFrames * datagrams, mpps),
    ...{ burstFrames, burstCount: datagrams === 1 ? 64 : 8 },
    ...{ recordSize: 4 + even(VIRTIO_HEADER + last), stride },
  }
  const next = random(1)
  const fill = (record, _, frame) => {
    const flow = next() % FLOWS
    const octets = lengthAt(length, frame)
    const size = VXLAN + octets
    record.writeUInt8(DATA_VALID, 0)
    if (datagrams > 1) {
      record.writeUInt8(GSO_UDP_L4, 1)
      record.writeUInt16LE(size, 4)
    }
    writeOuter(record, VIRTIO_HEADER, size * datagrams, flow)
    for (let index = 0; index < datagrams; index++) {
      const at = VIRTIO_HEADER + OUTER + index * size
      writeVxlan(record, at)
      writeInner(record, at + VXLAN, ['far', 'near'], octets, flow)
    }
    return OUTER + size * datagrams
  }
  return { ...makeStream(shape, () => ports.underlay, fill), outer: true }
}
