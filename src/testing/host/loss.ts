/** What of sending an answer is no error of anybody's. */
import { LinkspanError } from '../../error.js'

/**
 * Takes what sending an answer threw: from where there is no way back, it is lost, as elsewhere.
 *
 * @param codes those that are losses
 * @throws everything else
 */
export function mustBeLoss(error: unknown, codes: readonly string[] = ['UNREACHABLE']): void {
  if (!(error instanceof LinkspanError && codes.includes(error.code))) throw error
}
