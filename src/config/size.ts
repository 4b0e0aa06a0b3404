/** Sizes of memory: text with a binary unit in config (`4MiB`), bytes in the API and inside. */
import { formatQuantity, parseQuantity, quantityPattern } from './quantity.js'

const UNITS = { B: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 }

export const SIZE_PATTERN = quantityPattern(UNITS)
export const SIZE = 'a size with its unit (B, KiB, MiB, GiB) such as "4MiB"'

/** `65536B`, `256KiB`, `4MiB`, `1GiB` to bytes. @throws InvalidError */
export function parseSize(text: string): number {
  return parseQuantity(text, UNITS, SIZE)
}

/** Bytes, whole, 0 or more, to text that {@link parseSize} reads back. */
export function formatSize(bytes: number): string {
  return formatQuantity(bytes, UNITS)
}
