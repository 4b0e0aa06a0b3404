/** Whether an Internet checksum is right, and how that is said. */
import { checksumOf, fold, pseudoSum, sumOf } from '../checksum.js'
import { CUT, type FieldValue, hex, type Network, type Octets } from './layer.js'

/**
 * `partial`: the pseudo-header's sum, which a sender leaves there for its hardware to complete.
 * `absent`: a UDP checksum of 0. `unchecked`: octets that it covers are not there.
 */
export type ChecksumState = 'right' | 'wrong' | 'partial' | 'absent' | 'unchecked'

export interface Verified {
  state: ChecksumState
  /** `checksum`, `checksumState`, and `checksumExpected` where it is wrong. */
  fields: Record<string, FieldValue>
  /** `checksum 0x1234, right`. */
  text: string
}

/** What a checksum covers. */
export interface Covered {
  /** Offset of the field. */
  at: number
  start: number
  end: number
  /** Folded sum of the pseudo-header, if there is one. */
  pseudo?: number
  /** Why it cannot be checked, if it cannot. */
  unchecked?: string | undefined
}

export function verify(octets: Octets, { at, start, end, pseudo, unchecked }: Covered): Verified {
  const field = octets.u16(at)
  const shown = hex(field)
  const why = unchecked ?? (end > octets.bytes.length ? CUT : undefined)
  if (why !== undefined) return said('unchecked', shown, `not checked: ${why}`)
  const others = fold((pseudo ?? 0) + sumOf(octets.bytes, start, end) + (~field & 0xffff))
  const expected = checksumOf(others)
  // 0 and 0xffff are the same number in one's complement.
  if (field % 0xffff === expected % 0xffff) return said('right', shown, 'right')
  if (pseudo !== undefined && field === pseudo) {
    return said('partial', shown, 'partial: to be completed by the hardware')
  }
  const verified = said('wrong', shown, `wrong, should be ${hex(expected)}`)
  return { ...verified, fields: { ...verified.fields, checksumExpected: hex(expected) } }
}

function said(state: ChecksumState, shown: string, words: string): Verified {
  const fields = { checksum: shown, checksumState: state }
  return { state, fields, text: `checksum ${shown}, ${words}` }
}

export const absent = (words: string): Verified => said('absent', hex(0), words)

/** The pseudo-header of an upper layer of `length` octets; none where there is no network layer. */
export function pseudoOf(
  network: Network | undefined,
  protocol: number,
  length: number,
): Pick<Covered, 'pseudo' | 'unchecked'> {
  if (!network) return { unchecked: 'there is no IP header' }
  const pseudo = pseudoSum(network.addresses, protocol, length)
  return { pseudo, unchecked: network.unchecked }
}
