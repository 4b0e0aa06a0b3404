/** Frames that wait in a memory device: what goes in comes out, in order, whatever is taken when. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { FrameQueue } from '../../src/device/frame-queue.js'

const step = fc.oneof(
  fc.record({
    push: fc.oneof(fc.integer({ min: 0, max: 300 }), fc.constantFrom(1514, 9000, 65_000)),
  }),
  fc.record({ drop: fc.integer({ min: 1, max: 20 }) }),
  fc.record({ clear: fc.constant(true) }),
)

test('a queue of frames is a list of frames', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const queue = new FrameQueue()
      const model: Uint8Array[] = []
      for (const [index, each] of steps.entries()) {
        if ('push' in each) {
          const bytes = new Uint8Array(each.push).fill(index)
          queue.push(bytes)
          model.push(bytes.slice())
          bytes.fill(0xff)
        } else if ('drop' in each) {
          const count = Math.min(each.drop, model.length)
          queue.drop(count)
          model.splice(0, count)
        } else {
          queue.clear()
          model.length = 0
        }
        expect(queue.length).toBe(model.length)
      }
      const left = model.map((_, at) => queue.bytes.slice(queue.startOf(at), queue.endOf(at)))
      expect(left).toEqual(model)
    }),
  )
})
