/** The options of a pcapng block (draft-ietf-opsawg-pcapng 3.5): code, length, value, padding. */
import { OPTION, padded } from './pcapng.js'
import { CaptureFileError } from './types.js'

const utf8 = new TextDecoder()

/** A block that is whole, and how to read it. */
export interface Block {
  view: DataView
  littleEndian: boolean
  /** Of its first octet in the file. */
  offset: number
}

export interface Option {
  code: number
  value: DataView
}

/** More than any program writes: a block of nothing but empty options must not fill the memory. */
const OPTIONS_MAX = 1024

/**
 * The options from `start` to the block's trailing length.
 *
 * @throws CaptureFileError where one reaches beyond the block
 */
export function readOptions({ view, littleEndian, offset }: Block, start: number): Option[] {
  const options: Option[] = []
  const end = view.byteLength - 4
  let at = start
  while (at + 4 <= end) {
    const code = view.getUint16(at, littleEndian)
    const length = view.getUint16(at + 2, littleEndian)
    if (code === OPTION.endofopt) break
    if (at + 4 + length > end) {
      const problem = `option ${code} of ${length} octets; ${end - at - 4} are left in its block`
      throw new CaptureFileError(offset + at, problem)
    }
    if (options.length === OPTIONS_MAX) {
      throw new CaptureFileError(offset + at, `more than ${OPTIONS_MAX} options in a block`)
    }
    options.push({ code, value: new DataView(view.buffer, view.byteOffset + at + 4, length) })
    at += 4 + padded(length)
  }
  return options
}

/** The first option of that code whose value has at least `octets`. */
export function findOption(
  options: readonly Option[],
  code: number,
  octets = 0,
): DataView | undefined {
  return options.find((option) => option.code === code && option.value.byteLength >= octets)?.value
}

/** UTF-8; some writers end it with a zero octet. */
export function optionText(value: DataView): string {
  const text = utf8.decode(value)
  return text.endsWith('\0') ? text.slice(0, -1) : text
}
