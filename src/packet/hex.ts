/** A frame as people paste it. */
import { quote } from '../config/describe.js'
import { LinkspanError } from '../error.js'

/** The longest frame there is: 64 KiB of packet behind an Ethernet header and two tags. */
export const FRAME_MAX = 14 + 8 + 65_535

/** Two digits an octet, nothing between them. */
export const formatHex = (octets: Uint8Array): string =>
  Array.from(octets, (octet) => octet.toString(16).padStart(2, '0')).join('')

/** `0x0010:` of tcpdump, `00000010:` of xxd. */
const OFFSET = /^\s*(?:0x)?([\da-f]{4,8}):(?=\s)/i

/**
 * Octets in hexadecimal: `aa:bb:cc`, `aa-bb`, `aabb cc`, `0xaabb`, `0xaa, 0xbb`, on any number of
 * lines. A dump with offsets (`tcpdump -xx` and `-XX`, `xxd`) is read too: its offsets must be right,
 * and what stands behind two spaces is its text column. `tcpdump -x` leaves out the Ethernet
 * header, so what it prints is no frame.
 *
 * @throws LinkspanError code `INVALID`, with line and column
 */
export function parseHex(text: string): Uint8Array {
  const octets: number[] = []
  text.split(/\r?\n/).forEach((line, index) => {
    const place = (column: number) => `hex: line ${index + 1}, column ${column + 1}`
    const offset = OFFSET.exec(line)
    if (offset) checkOffset(Number.parseInt(offset[1] as string, 16), octets.length, place(0))
    const start = offset ? offset[0].length : 0
    readLine(offset ? withoutText(line) : line, start, octets, place)
  })
  if (octets.length === 0)
    throw invalid('hex', 'found no octets; expected a frame such as "02 55…"')
  if (octets.length <= FRAME_MAX) return Uint8Array.from(octets)
  throw invalid('hex', `found ${octets.length} octets; a frame has at most ${FRAME_MAX}`)
}

function checkOffset(offset: number, octets: number, place: string): void {
  if (offset === octets) return
  const found = `found offset ${offset} after ${octets} octets`
  const advice = offset === 0 ? 'give one packet at a time' : 'lines are missing or not in order'
  throw invalid(place, `${found}; ${advice}`)
}

/** Without the column of text: between the pairs there is one space, before the text two or more. */
function withoutText(line: string): string {
  const start = (OFFSET.exec(line) as RegExpExecArray)[0].length
  const first = start + line.slice(start).search(/\S|$/)
  const gap = line.slice(first).search(/\s{2}/)
  return gap < 0 ? line : line.slice(0, first + gap)
}

function readLine(
  line: string,
  start: number,
  octets: number[],
  place: (column: number) => string,
): void {
  for (const word of line.slice(start).matchAll(/[^\s:,-]+/g)) {
    const prefix = /^0x/i.test(word[0]) ? 2 : 0
    const digits = word[0].slice(prefix)
    const column = start + word.index + prefix
    const wrong = digits.search(/[^\da-f]/i)
    if (wrong >= 0) {
      const found = quote(digits[wrong] as string)
      throw invalid(place(column + wrong), `found ${found}; expected hexadecimal digits`)
    }
    if (digits.length === 0 || digits.length % 2 !== 0) {
      const found = `found ${quote(word[0])}`
      throw invalid(place(column), `${found}; expected two digits an octet`)
    }
    for (let at = 0; at < digits.length; at += 2) {
      octets.push(Number.parseInt(digits.slice(at, at + 2), 16))
    }
  }
}

const invalid = (place: string, problem: string) =>
  new LinkspanError('INVALID', `${place}: ${problem}`)
