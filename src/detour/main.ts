/**
 * The detour's thread. Its event loop stands still: orders come by a port that is looked at every turn, and
 * an eventfd ends a wait.
 */
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import { loadNative } from '../device/native.js'
import { monotonicClock } from '../worker/clock.js'
import { Detour } from './detour.js'
import type { Answer, DetourTask, Numbered } from './orders.js'

function run({ poller, counts, stop }: DetourTask): void {
  const native = loadNative()
  // A frame is not to be late for the sake of other timers.
  native.timerSlack(1)
  const detour = new Detour({ native, poller, counts, now: monotonicClock() })
  const stops = new Int32Array(stop)
  const control = parentPort as NonNullable<typeof parentPort>
  while (Atomics.load(stops, 0) === 0) {
    for (let got = receiveMessageOnPort(control); got; got = receiveMessageOnPort(control)) {
      control.postMessage(answer(detour, got.message as Numbered))
    }
    detour.turn()
  }
}

function answer(detour: Detour, { number, order }: Numbered): Answer {
  try {
    detour.obey(order)
    return { number }
  } catch (error) {
    return { number, error: (error as Error).message }
  }
}

run(workerData as DetourTask)
