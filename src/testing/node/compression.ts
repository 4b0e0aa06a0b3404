/** Of `timers: 'fake'`: time stands while `node:zlib` works in threads, as `fetch` has it do with bodies. */
import type { Transform, TransformCallback } from 'node:stream'
import zlib from 'node:zlib'
import { workCounts } from '../clock/threads.js'
import { extensions, type FakeTimers } from '../timers/fakes.js'
import type { Patches } from '../timers/patches.js'

/** What all streams of `node:zlib` have in common; what they are given at once goes through them too. */
const base = Object.getPrototypeOf(Object.getPrototypeOf(zlib.Gunzip.prototype)) as Transform

function countCompression(_fakes: FakeTimers, patches: Patches): () => void {
  const working = new Set<Transform>()
  const { _transform, _destroy } = base
  function transform(
    this: Transform,
    chunk: unknown,
    encoding: BufferEncoding,
    done: TransformCallback,
  ) {
    working.add(this)
    _transform.call(this, chunk, encoding, (...given) => {
      working.delete(this)
      done(...given)
    })
  }
  // What fails does not call back.
  function destroy(this: Transform, error: Error | null, done: (error?: Error | null) => void) {
    working.delete(this)
    _destroy.call(this, error, done)
  }
  patches.replace(base, '_transform', transform)
  patches.replace(base, '_destroy', destroy)
  const count = () => [...working].filter(isWorking).length
  workCounts.add(count)
  return () => workCounts.delete(count)
}

/** It is not who has no room left: the program is to read first. */
const isWorking = (stream: Transform) => stream.readableLength < stream.readableHighWaterMark

extensions.add(countCompression)
