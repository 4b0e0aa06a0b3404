/** One frame at a time through both switches, where a test says what each does with it. */
import { BROADCAST, EtherType, ethernet, station, type Tag } from '../frames.js'
import type { Comparer } from './compare.js'
import { type Shapes, shapesOf } from './shape.js'

let marks = 0

/** A frame that no other is like; from station 1 to all unless told. */
export function probe(
  tags: readonly Tag[],
  to: Uint8Array = BROADCAST,
  from: Uint8Array = station(1),
): Uint8Array {
  const payload = new Uint8Array(46)
  new DataView(payload.buffer).setUint32(42, ++marks)
  return ethernet(to, from, EtherType.LOCAL, payload, tags)
}

/** What each switch put out for a frame that came in by a port, Linkspan first. */
export async function shapes(both: Comparer, port: number, frame: Uint8Array): Promise<Shapes[]> {
  const outputs = await both.exchange([{ port, frame }])
  await both.settle(outputs)
  return outputs.map(shapesOf)
}
