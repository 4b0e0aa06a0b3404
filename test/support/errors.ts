import { expect } from 'vitest'
import { LinkspanError } from '../../src/error.js'

/** The code of the LinkspanError that is thrown, or undefined where nothing is. */
export function codeOf(run: () => unknown): string | undefined {
  try {
    run()
    return undefined
  } catch (error) {
    expect(error).toBeInstanceOf(LinkspanError)
    return (error as LinkspanError).code
  }
}

/** What a promise is rejected with; that it is not is the error. */
export async function caught(promise: Promise<unknown>): Promise<LinkspanError> {
  const error = await promise.then(
    () => expect.fail('nothing was thrown'),
    (thrown) => thrown,
  )
  return error as LinkspanError
}
