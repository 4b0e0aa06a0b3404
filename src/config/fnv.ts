/** FNV-1a, 64 bits (draft-eastlake-fnv): tells what is equal from what is not, and keeps nobody out. */

/** The prime is 2^40 and this. */
const PRIME_LOW = 0x1b3
const WORD = 2 ** 32

const utf8 = new TextEncoder()
/** Of the number in hand. */
const double = new DataView(new ArrayBuffer(8))
const doubleOctets = new Uint8Array(double.buffer)

/** In halves of 32 bits: BigInt would take fifty times as long. */
export class Fnv {
  #high = 0xcbf29ce4
  #low = 0x84222325

  bytes(octets: Uint8Array): this {
    let high = this.#high
    let low = this.#low
    for (let at = 0; at < octets.length; at++) {
      low = (low ^ (octets[at] as number)) >>> 0
      const product = low * PRIME_LOW // less than 2^41: exact
      high = (Math.imul(high, PRIME_LOW) + (low << 8) + Math.floor(product / WORD)) >>> 0
      low = product >>> 0
    }
    this.#high = high
    this.#low = low
    return this
  }

  /** The octets of a double, little-endian. */
  number(value: number): this {
    double.setFloat64(0, value, true)
    return this.bytes(doubleOctets)
  }

  /** Its length and its UTF-8: one that goes on is another. */
  text(value: string): this {
    const octets = utf8.encode(value)
    return this.number(octets.length).bytes(octets)
  }

  /** 8 octets, the highest first. */
  get octets(): Uint8Array {
    const octets = new Uint8Array(8)
    for (let at = 0; at < 4; at++) {
      octets[at] = this.#high >>> (24 - 8 * at)
      octets[4 + at] = this.#low >>> (24 - 8 * at)
    }
    return octets
  }

  /** 16 digits. */
  get hex(): string {
    return Array.from(this.octets, (octet) => octet.toString(16).padStart(2, '0')).join('')
  }
}
