/** Octets of a file that came in chunks, until they are taken off in pieces of another size. */

export class ByteQueue {
  #bytes = new Uint8Array(0)
  #start = 0
  #end = 0
  #offset = 0

  /** Octets that wait. */
  get length(): number {
    return this.#end - this.#start
  }

  /** How far into the file the first of them is. */
  get offset(): number {
    return this.#offset
  }

  /** Copies the chunk. */
  push(chunk: Uint8Array): void {
    if (this.#end + chunk.length > this.#bytes.length) this.#makeRoom(chunk.length)
    this.#bytes.set(chunk, this.#end)
    this.#end += chunk.length
  }

  #makeRoom(octets: number): void {
    const waiting = this.#bytes.subarray(this.#start, this.#end)
    const needed = waiting.length + octets
    // Twice what is needed, so that a block in many small chunks is not copied at every one.
    const bytes = needed * 2 > this.#bytes.length ? new Uint8Array(needed * 2) : this.#bytes
    if (bytes === this.#bytes) bytes.copyWithin(0, this.#start, this.#end)
    else bytes.set(waiting)
    this.#bytes = bytes
    this.#end = waiting.length
    this.#start = 0
  }

  /** A view of the first `octets`, valid until the next push; undefined while there are fewer. */
  peek(octets: number): DataView | undefined {
    if (octets > this.length) return undefined
    return new DataView(this.#bytes.buffer, this.#start, octets)
  }

  skip(octets: number): void {
    this.#start += octets
    this.#offset += octets
  }
}
