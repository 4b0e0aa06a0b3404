/**
 * Memory for frames that are held, in blocks of powers of two. A slab is cut into blocks of one size when
 * one is asked for, and is nobody's again when all of them are free: the room that small frames had is
 * there for large ones later. It never grows; who finds no room is told.
 */

/** Octets: the smallest block has a short frame, the largest a super-frame behind its virtio header. */
const LEAST = 256
const SLAB = 1 << 17
const CLASSES = Math.log2(SLAB / LEAST) + 1
const NONE = -1

export class FramePool {
  /** Octets of blocks that are not taken. */
  free: number
  readonly #base: number
  /** Of each slab: the class of its blocks, how many are taken, a free one, its neighbours in a list. */
  readonly #class: Int8Array
  readonly #taken: Uint16Array
  readonly #first: Int32Array
  readonly #next: Int32Array
  readonly #previous: Int32Array
  /** The next free block of each one, in slabs of its class. */
  readonly #links: Int32Array
  /** Slabs of each class that have a free block; behind those, slabs that are nobody's. */
  readonly #open = new Int32Array(CLASSES + 1).fill(NONE)

  /** @param base where the memory begins @param size octets, a multiple of 128 KiB */
  constructor(base: number, size: number) {
    const slabs = Math.floor(size / SLAB)
    this.#base = base
    this.free = slabs * SLAB
    this.#class = new Int8Array(slabs).fill(CLASSES)
    this.#taken = new Uint16Array(slabs)
    this.#first = new Int32Array(slabs).fill(NONE)
    this.#next = new Int32Array(slabs).fill(NONE)
    this.#previous = new Int32Array(slabs).fill(NONE)
    this.#links = new Int32Array(slabs * (SLAB / LEAST))
    for (let slab = slabs - 1; slab >= 0; slab--) this.#link(slab)
  }

  /** Octets that a frame of that length takes. */
  sizeOf(octets: number): number {
    return LEAST << classOf(octets)
  }

  /** The address of a block of at least so many octets, up to 128 KiB; -1 where there is no room. */
  take(octets: number): number {
    const kind = classOf(octets)
    let slab = this.#open[kind] as number
    if (slab === NONE) {
      slab = this.#open[CLASSES] as number
      if (slab === NONE) return NONE
      this.#cut(slab, kind)
    }
    const block = this.#first[slab] as number
    const next = this.#links[slab * (SLAB / LEAST) + block] as number
    this.#first[slab] = next
    this.#taken[slab] = (this.#taken[slab] as number) + 1
    if (next === NONE) this.#unlink(slab)
    this.free -= LEAST << kind
    return this.#base + slab * SLAB + block * (LEAST << kind)
  }

  /** @param address of a block that was taken */
  release(address: number): void {
    const slab = Math.floor((address - this.#base) / SLAB)
    const kind = this.#class[slab] as number
    const block = (address - this.#base - slab * SLAB) / (LEAST << kind)
    const first = this.#first[slab] as number
    this.#links[slab * (SLAB / LEAST) + block] = first
    this.#first[slab] = block
    this.#taken[slab] = (this.#taken[slab] as number) - 1
    this.free += LEAST << kind
    if (first === NONE) this.#link(slab)
    if (this.#taken[slab] !== 0) return
    this.#unlink(slab)
    this.#class[slab] = CLASSES
    this.#link(slab)
  }

  #cut(slab: number, kind: number): void {
    this.#unlink(slab)
    this.#class[slab] = kind
    const links = slab * (SLAB / LEAST)
    const last = SLAB / (LEAST << kind) - 1
    for (let block = 0; block < last; block++) this.#links[links + block] = block + 1
    this.#links[links + last] = NONE
    this.#first[slab] = 0
    this.#link(slab)
  }

  /** Puts a slab into the list of its class. */
  #link(slab: number): void {
    const kind = this.#class[slab] as number
    const next = this.#open[kind] as number
    this.#next[slab] = next
    this.#previous[slab] = NONE
    if (next !== NONE) this.#previous[next] = slab
    this.#open[kind] = slab
  }

  #unlink(slab: number): void {
    const [next, previous] = [this.#next[slab] as number, this.#previous[slab] as number]
    if (previous === NONE) this.#open[this.#class[slab] as number] = next
    else this.#next[previous] = next
    if (next !== NONE) this.#previous[next] = previous
  }
}

function classOf(octets: number): number {
  return octets <= LEAST ? 0 : 32 - Math.clz32(octets - 1) - Math.log2(LEAST)
}
