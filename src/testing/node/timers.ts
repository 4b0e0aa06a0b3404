/** Of `timers: 'fake'`, what is Node's own: its modules, `process.hrtime`, and asynchronous contexts. */
import { AsyncResource } from 'node:async_hooks'
import { syncBuiltinESMExports } from 'node:module'
import type { TimerOptions } from 'node:timers'
import timers from 'node:timers'
import promises from 'node:timers/promises'
import { promisify } from 'node:util'
import { context, extensions, type FakeTimers } from '../timers/fakes.js'
import type { Patches } from '../timers/patches.js'

/** Imports of these modules' names follow their objects, once Node is told. */
function fakeModules(fakes: FakeTimers, patches: Patches): () => void {
  const sleep = sleepOf(fakes)
  Object.assign(fakes.setTimeout, { [promisify.custom]: sleep })
  for (const name of ['setTimeout', 'setInterval', 'clearTimeout', 'clearInterval'] as const) {
    patches.replace(timers, name, fakes[name])
  }
  patches.replace(promises, 'setTimeout', sleep)
  patches.replace(promises, 'setInterval', ticksOf(fakes))
  const wait = (ms: number, options?: TimerOptions) => sleep(ms, undefined, options)
  patches.replace(promises.scheduler, 'wait', wait)
  patches.replace(process, 'hrtime', hrtimeOf(fakes))
  syncBuiltinESMExports()
  return syncBuiltinESMExports
}

type Sleep = <T>(ms?: number, value?: T, options?: TimerOptions) => Promise<T>

function sleepOf(fakes: FakeTimers): Sleep {
  const before = promises.setTimeout as unknown as Sleep
  return (ms, value, options = {}) => {
    if (fakes.isOver) return before(ms, value, options)
    const { signal, ref = true } = options
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(abortError(signal))
      const timer = fakes.begin(() => {
        signal?.removeEventListener('abort', aborted)
        resolve(value as never)
      }, ms)
      const aborted = () => {
        timer.close()
        reject(abortError(signal as AbortSignal))
      }
      if (!ref) timer.unref()
      signal?.addEventListener('abort', aborted, { once: true })
    })
  }
}

/** Ticks that nobody has taken yet are not lost. */
function ticksOf(fakes: FakeTimers) {
  const before = promises.setInterval
  return async function* <T>(ms?: number, value?: T, options: TimerOptions = {}) {
    if (fakes.isOver) return yield* before(ms, value, options)
    const { signal, ref = true } = options
    if (signal?.aborted) throw abortError(signal)
    let due = 0
    let wake = () => {}
    const timer = fakes.begin(
      () => {
        due++
        wake()
      },
      ms,
      true,
    )
    const aborted = () => wake()
    if (!ref) timer.unref()
    signal?.addEventListener('abort', aborted, { once: true })
    try {
      for (;;) {
        if (signal?.aborted) throw abortError(signal)
        if (due === 0) await new Promise<void>((resolve) => (wake = resolve))
        if (due > 0) due--
        else continue
        yield value as T
      }
    } finally {
      timer.close()
      signal?.removeEventListener('abort', aborted)
    }
  }
}

function abortError({ reason }: AbortSignal): Error {
  const error = new Error('The operation was aborted', { cause: reason })
  return Object.assign(error, { name: 'AbortError', code: 'ABORT_ERR' })
}

function hrtimeOf(fakes: FakeTimers): NodeJS.HRTime {
  const before = process.hrtime
  const bigint = () => (fakes.isOver ? before.bigint() : BigInt(Math.round(fakes.now * 1e6)))
  const hrtime = (since?: [number, number]): [number, number] => {
    if (fakes.isOver) return before(since)
    const [seconds, nanoseconds] = since ?? [0, 0]
    const passed = bigint() - BigInt(seconds) * 1_000_000_000n - BigInt(nanoseconds)
    return [Number(passed / 1_000_000_000n), Number(passed % 1_000_000_000n)]
  }
  return Object.assign(hrtime, { bigint })
}

extensions.add(fakeModules)
context.bind = (run) => AsyncResource.bind(run, 'Timeout')
