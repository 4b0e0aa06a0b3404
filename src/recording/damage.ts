/** What goes wrong within a replay because the recording is not as it was written. */
import { LinkspanError } from '../error.js'
import { recordingError } from './file.js'

/** What a program's own function threw: that is nobody's damage. */
class OfCaller {
  constructor(readonly error: unknown) {}
}

/** Calls a function of the program's within {@link reading}. */
export function calling(task: () => void): void {
  try {
    task()
  } catch (error) {
    throw new OfCaller(error)
  }
}

/**
 * Does what relies on a recording's being whole. Not each of its numbers is checked: views, JSON and the
 * module do that, and what they throw means just this.
 *
 * @param call tells the number of the call that it is about, from 0
 * @throws LinkspanError code `RECORDING`, and what the program's own function threw
 */
export function reading<T>(call: () => number, task: () => T): T {
  try {
    return task()
  } catch (error) {
    if (error instanceof OfCaller) throw error.error
    if (error instanceof LinkspanError) throw error
    throw recordingError(`the recording is damaged at call ${call()}`, { cause: error })
  }
}
