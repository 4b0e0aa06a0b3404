/** Interface Description Blocks (draft-ietf-opsawg-pcapng 4.2) and what they say of time. */
import { OPTION } from './pcapng.js'
import { type Block, findOption, optionText, readOptions } from './pcapng-options.js'
import type { CaptureInterface } from './types.js'

const NANOSECONDS = 1_000_000_000n

/** An interface, and how its packets are read. */
export interface DescribedInterface {
  shown: CaptureInterface
  /** Units of its time stamps in a second. */
  resolution: bigint
  /** Seconds to be added to them. */
  timeOffset: bigint
  /** Octets of FCS behind every frame. */
  fcs: number
}

/** Characters of a name that are kept: interfaces are, as long as their section lasts. */
const TEXT_MAX = 256

/** Octets of an IDB before its options. */
export const IDB_FIXED = 16

export function readInterface(block: Block, index: number): DescribedInterface {
  const { view, littleEndian } = block
  const options = readOptions(block, IDB_FIXED)
  const name = findOption(options, OPTION.if_name)
  const description = findOption(options, OPTION.if_description)
  const shown: CaptureInterface = {
    index,
    linkType: view.getUint16(8, littleEndian),
    snapLength: view.getUint32(12, littleEndian),
    ...(name && { name: optionText(name).slice(0, TEXT_MAX) }),
    ...(description && { description: optionText(description).slice(0, TEXT_MAX) }),
  }
  const resolution = findOption(options, OPTION.if_tsresol, 1)?.getUint8(0) ?? 6
  return {
    shown,
    resolution: unitsPerSecond(resolution),
    timeOffset: findOption(options, OPTION.if_tsoffset, 8)?.getBigInt64(0, littleEndian) ?? 0n,
    fcs: findOption(options, OPTION.if_fcslen, 1)?.getUint8(0) ?? 0,
  }
}

/** if_tsresol: a negative power of 10, or of 2 where the highest bit is set. */
function unitsPerSecond(resolution: number): bigint {
  const exponent = BigInt(resolution & 0x7f)
  return (resolution & 0x80) === 0 ? 10n ** exponent : 2n ** exponent
}

/** Nanoseconds since 1970, rounded down. */
export function timeOf(from: DescribedInterface, high: number, low: number): bigint {
  const units = (BigInt(high) << 32n) | BigInt(low)
  if (from.resolution === NANOSECONDS) return from.timeOffset * NANOSECONDS + units
  return from.timeOffset * NANOSECONDS + (units * NANOSECONDS) / from.resolution
}
