// Streams of minimum frames over a number of MACs, half of them behind each of two ports.
import { random, scatter } from '../random.js'
import { makeStream, packed } from './stream.js'

/** Ethernet without FCS. */
const LENGTH = 60
const VIRTIO_HEADER = 12
/** As far as anything looks into such a frame: length, virtio-net header, addresses, EtherType. */
const RECORD = 4 + VIRTIO_HEADER + 16
const TAG = 4
const TPID = 0x8100
/** IEEE 802 local experimental EtherType 1. */
const ETHER_TYPE = 0x88b5
/** The clock's start: not zero, which would hide a stamp that was never set. */
const START = 1000

/** Station `index` behind a port: a locally administered address that does not count upwards. */
function writeMac(record, at, port, index) {
  record.writeUInt16BE(0x0200 + port, at)
  record.writeUInt32BE(scatter(index), at + 2)
}

/** Octets a record: frames of VLANs have a tag. */
const recordSize = (vlans) => RECORD + (vlans.length > 0 ? TAG : 0)

function writeFrame(record, destination, source, vlan) {
  if (destination) writeMac(record, VIRTIO_HEADER, ...destination)
  else record.fill(0xff, VIRTIO_HEADER, VIRTIO_HEADER + 6)
  writeMac(record, VIRTIO_HEADER + 6, ...source)
  let type = VIRTIO_HEADER + 12
  if (vlan !== undefined) {
    record.writeUInt16BE(TPID, type)
    record.writeUInt16BE(vlan, type + 2)
    type += TAG
  }
  record.writeUInt16BE(ETHER_TYPE, type)
  return LENGTH
}

const portOf = (burst) => burst % 2

/** Every MAC once (the last burst goes round), broadcasting; station n is in VLAN n of `vlans`. */
export function learningStream(macs, vlans = []) {
  const half = macs / 2
  const burstFrames = Math.min(half, 256)
  const burstCount = 2 * Math.ceil(half / burstFrames)
  const shape = {
    recordSize: recordSize(vlans),
    stride: packed(LENGTH),
    burstCount,
    burstFrames,
    start: START,
    step: 0,
  }
  return makeStream(shape, portOf, (record, burst, frame) => {
    const station = ((burst >> 1) * burstFrames + frame) % half
    return writeFrame(record, undefined, [portOf(burst), station], vlans[station % vlans.length])
  })
}

/**
 * Random stations of one port to random ones of the other, of the same VLAN if there are `vlans`;
 * long enough that MACs come in no order.
 *
 * @param {object} [options]
 * @param {number[]} [options.vlans]
 * @param {(frame: number) => number} [options.lengthOf] octets of a frame without FCS; if left out, the least
 */
export function trafficStream(macs, burstFrames, mpps, { vlans = [], lengthOf } = {}) {
  const half = macs / 2
  const frames = 2 ** Math.min(20, Math.max(14, Math.ceil(Math.log2(macs)) + 4))
  const shape = {
    recordSize: recordSize(vlans),
    stride: lengthOf ? 0 : packed(LENGTH),
    burstCount: frames / burstFrames,
    burstFrames,
    start: START,
    step: burstFrames / mpps / 1e3,
  }
  const next = random(1)
  return makeStream(shape, portOf, (record, burst, frame) => {
    const port = portOf(burst)
    const groups = Math.max(vlans.length, 1)
    const [to, from] = [next() % half, next() % half]
    const station = to - (to % groups) + (from % groups)
    const length = writeFrame(record, [1 - port, station], [port, from], vlans[from % groups])
    return lengthOf?.(frame) ?? length
  })
}
