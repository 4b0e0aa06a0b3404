/**
 * The dataplane's memory as it was: pages that are not all zeros, and not left over from bursts. What lies
 * below the directory is of the build (constants), which instances put there themselves.
 */
import { LinkspanError } from '../error.js'
import { DIRECTORY, leftovers } from './state.js'

export const PAGE = 65_536
/** u32 page, and its octets. */
const RECORD = 4 + PAGE

/**
 * A copy of the pages of a memory that have anything in them: their number, then their octets, each.
 *
 * @param whole with what is left over from bursts, which one that is under way still needs
 */
export function imageOf(memory: WebAssembly.Memory, whole = false): Uint8Array<ArrayBuffer> {
  const words = new Int32Array(memory.buffer)
  const bytes = new Uint8Array(memory.buffer)
  const [from, to] = leftovers(new DataView(memory.buffer))
  const isLeft = (page: number) => !whole && page * PAGE >= from && (page + 1) * PAGE <= to
  const pages: number[] = []
  for (let page = DIRECTORY / PAGE; page < bytes.length / PAGE; page++) {
    if (!isLeft(page) && !isZero(words, page)) pages.push(page)
  }
  const image = new Uint8Array(pages.length * RECORD)
  const view = new DataView(image.buffer)
  for (const [index, page] of pages.entries()) {
    view.setUint32(index * RECORD, page, true)
    image.set(bytes.subarray(page * PAGE, (page + 1) * PAGE), index * RECORD + 4)
  }
  return image
}

function isZero(words: Int32Array, page: number): boolean {
  const end = ((page + 1) * PAGE) / 4
  for (let word = (page * PAGE) / 4; word < end; word++) if (words[word] !== 0) return false
  return true
}

/** Makes a memory what it was; of what lies below the directory nothing changes. */
export function restoreImage(memory: WebAssembly.Memory, image: Uint8Array): void {
  const bytes = new Uint8Array(memory.buffer)
  const view = new DataView(image.buffer, image.byteOffset, image.length)
  bytes.fill(0, DIRECTORY)
  for (let at = 0; at + RECORD <= image.length; at += RECORD) {
    const to = view.getUint32(at, true) * PAGE
    if (to < DIRECTORY || to + PAGE > bytes.length) throw broken(to)
    bytes.set(image.subarray(at + 4, at + RECORD), to)
  }
}

const broken = (at: number): LinkspanError =>
  new LinkspanError('RECORDING', `the recording has a page of memory at ${at}, where there is none`)
