/** What of sending an answer is no error of anybody's. */
import { LinkspanError } from '../../error.js'

/** No way back, or nobody there any more who sends. */
const LOSSES = ['UNREACHABLE', 'CLOSED']

/**
 * Takes what sending an answer threw: from where there is no way back, it is lost, as elsewhere.
 *
 * @throws everything else
 */
export function mustBeLoss(error: unknown): void {
  if (!(error instanceof LinkspanError && LOSSES.includes(error.code))) throw error
}
