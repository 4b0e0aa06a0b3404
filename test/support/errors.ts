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
