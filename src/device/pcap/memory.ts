/** Capture files as the network's end of a memory device: in process, in any runtime. */
import { frameOf, VIRTIO_HEADER } from '../../packet/virtio.js'
import type { MemoryDevice } from '../memory.js'
import type { PcapSink, RecordOptions } from './sink.js'

/** Has every frame that the switch sends to the device recorded. */
export function recordFrom(device: MemoryDevice, sink: PcapSink, options: RecordOptions): void {
  device.onFrame((octets) => {
    // The view is the switch's memory: a checksum is completed in a copy.
    sink.record(device.offloads ? frameOf(octets.slice()) : octets, options)
  })
}

/** What a Replay sends by; false while the device's queue is full. */
export function sendTo(device: MemoryDevice): (frame: Uint8Array) => boolean {
  if (!device.offloads) return (frame) => device.send(frame)
  return (frame) => {
    const message = new Uint8Array(VIRTIO_HEADER + frame.length)
    message.set(frame, VIRTIO_HEADER)
    return device.send(message)
  }
}
