/** What a program is told that waits for what was not there yet when a snapshot was taken. */
import { LinkspanError } from '../error.js'

/** @param what as a sentence has it: who waits, or which connection */
export function restored(what: string): LinkspanError {
  const why = 'the lab was restored to a snapshot that knows nothing of it'
  return new LinkspanError('RESTORED', `${what}: ${why}`)
}

/** Of what was made since, and is asked for something. */
export function gone(what: string): LinkspanError {
  const why = 'is gone: the lab was restored to a snapshot that knows nothing of it; make it again'
  return new LinkspanError('CLOSED', `${what} ${why}`)
}

/**
 * Makes a list of those who wait for one after the other what it was, as far as they wait still: loops go on, and
 * those who began since were told.
 */
export function whoStillWait<T extends { readonly isLoop: boolean }>(
  list: T[],
  then: readonly T[],
): void {
  const still = then.filter((each) => list.includes(each))
  const loops = list.filter((each) => each.isLoop && !then.includes(each))
  list.splice(0, list.length, ...still, ...loops)
}
