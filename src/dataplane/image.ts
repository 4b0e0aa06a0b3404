/**
 * The memory of a dataplane as octets: a copy to go back to, and a hash that tells whether two are the same.
 * Only between bursts, unless it says otherwise, and of a memory that no other thread forwards in.
 */
import { Fnv } from '../config/fnv.js'
import { InvalidError } from '../error.js'
import type { OtherState } from '../memento/keeper.js'
import { Block, DIRECTORY, Directory, READY_MAX, READY_SIZE } from './abi.js'
import type { Exports } from './exports.js'

/** What is looked at and copied at once. */
const LINE = 64
/** Before the octets of a run: where it lies, and how long it is; u32, little-endian. */
const RUN_HEAD = 8

/** An instance, and the memory that it is on. */
export interface ImageHost {
  readonly memory: WebAssembly.Memory
  readonly exports: Exports
  /** Forwarding workers that there is room for. */
  readonly workers: number
}

/** From and to, both on lines. */
type Stretch = readonly [start: number, end: number]

/**
 * Copies what is in use: some hundred KiB of a switch at rest, however large its tables are. Left out is what
 * is not the switch's own: descriptors of files, captures that somebody runs, and received frames, which are
 * done with between bursts. An image is runs of lines, each with its address and length before it.
 */
export function saveImage(host: ImageHost): Uint8Array<ArrayBuffer> {
  return imageOf(host, foreign(host))
}

/**
 * Copies all that is in use, captures too, for a dataplane that goes on from there as this one does; but not
 * what is left over from bursts.
 *
 * @param inBurst with that, which one that is under way still needs
 */
export function saveWhole(host: ImageHost, inBurst: boolean): Uint8Array<ArrayBuffer> {
  const end = new DataView(host.memory.buffer, DIRECTORY).getUint32(Directory.CONFIG, true)
  return imageOf(host, inBurst ? [] : [[host.exports.queues(0) >>> 0, end]])
}

function imageOf(host: ImageHost, holes: readonly Stretch[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(host.memory.buffer)
  const runs = [...runsOf(host, holes)]
  const octets = runs.reduce((sum, [start, end]) => sum + RUN_HEAD + end - start, 0)
  const image = new Uint8Array(octets)
  const view = new DataView(image.buffer)
  let at = 0
  for (const [start, end] of runs) {
    view.setUint32(at, start, true)
    view.setUint32(at + 4, end - start, true)
    image.set(bytes.subarray(start, end), at + RUN_HEAD)
    at += RUN_HEAD + end - start
  }
  return image
}

/**
 * Puts an image back.
 *
 * @throws InvalidError where it is of a memory with other capacities, or of another version of the module;
 *   then nothing has changed
 */
export function loadImage(host: ImageHost, image: Uint8Array): void {
  const bytes = new Uint8Array(host.memory.buffer)
  const parts = [...partsOf(image, bytes.length)]
  mustFit(bytes, parts)
  const capturing = bytes.slice(...WATCHED)
  for (const [start, end] of [...runsOf(host, foreign(host))]) bytes.fill(0, start, end)
  for (const { address, octets } of parts) bytes.set(octets, address)
  bytes.set(capturing, WATCHED[0])
}

/** Puts an image of {@link saveWhole} into a memory of its own. @throws InvalidError where it does not fit */
export function loadWhole(memory: WebAssembly.Memory, image: Uint8Array): void {
  const bytes = new Uint8Array(memory.buffer)
  const parts = [...partsOf(image, bytes.length)]
  bytes.fill(0, DIRECTORY)
  for (const { address, octets } of parts) bytes.set(octets, address)
}

/**
 * 16 digits that are the same where two memories have had the same done to them. Besides what an image leaves
 * out, what lies about of the last burst does not count, nor how long workers were busy, nor what was read of it.
 */
export function hashMemory(host: ImageHost): string {
  const bytes = new Uint8Array(host.memory.buffer)
  const hash = new Fnv()
  for (const [start, end] of runsOf(host, passing(host))) {
    hash.number(start).number(end).bytes(bytes.subarray(start, end))
  }
  for (const [start, end] of between(host)) hash.bytes(bytes.subarray(start, end))
  return hash.hex
}

/** The memory of a switch that stands still, as a part of its state. */
export function stateOf(host: ImageHost): OtherState {
  const save = () => {
    const image = saveImage(host)
    return () => loadImage(host, image)
  }
  return { save, hash: () => [hashMemory(host)] }
}

/** Where lines are in use, outside of `holes`, which ascend. */
function* runsOf({ memory, exports }: ImageHost, holes: readonly Stretch[]): Generator<Stretch> {
  const octets = memory.buffer.byteLength
  let from = DIRECTORY
  for (const [hole, behind] of [...holes, [octets, octets] as const]) {
    let at = from
    for (;;) {
      // Addresses of the second half of 4 GiB come as negative numbers.
      const start = exports.nextLine(at, hole, 1) >>> 0
      if (start >= hole) break
      at = exports.nextLine(start, hole, 0) >>> 0
      yield [start, at]
    }
    from = behind
  }
}

/** Which captures are active: a word beside the generation of the config. */
const WATCHED: Stretch = [DIRECTORY + Directory.CAPTURING, DIRECTORY + Directory.CAPTURING + 4]

/** What is not the switch's own. */
function foreign({ memory, exports }: ImageHost): Stretch[] {
  const directory = new DataView(memory.buffer, DIRECTORY)
  const region = (word: number) => directory.getUint32(word, true)
  return [
    [DIRECTORY + Directory.FILTERS, DIRECTORY + Directory.FILTERS_END],
    [exports.queues(0) >>> 0, exports.failures(0) >>> 0],
    [exports.arena(0) >>> 0, region(Directory.CONFIG)],
    [region(Directory.CAPTURES), region(Directory.CAPTURES_END)],
  ]
}

/** The same, and what passes: of bursts, of reading, of time that is not the switch's. */
function passing(host: ImageHost): Stretch[] {
  const [filters, queues, arenas, captures] = foreign(host) as [Stretch, Stretch, Stretch, Stretch]
  const line = DIRECTORY + Directory.GENERATION
  const own = blocksOf(host).flatMap(({ block, events }): Stretch[] => [
    [block, block + Block.STATISTICS],
    [block + Block.TIMES_LINE, block + Block.TIMES_LINE + LINE],
    [block + Block.EVENT_TAIL, events],
  ])
  return [[line, line + LINE], filters, ...own, [queues[0], arenas[1]], captures]
}

/** Of the lines that `passing` leaves out, what counts all the same. */
function between(host: ImageHost): Stretch[] {
  const line = DIRECTORY + Directory.GENERATION
  const own = blocksOf(host).flatMap(({ block }): Stretch[] => [
    [block + Block.TIMES_LINE, block + Block.BUSY],
    [block + Block.TIMES_END, block + Block.TIMES_LINE + LINE],
  ])
  return [[line, WATCHED[0]], [WATCHED[1], line + LINE], ...own]
}

/** The blocks of the workers and, behind them, of control; and where in one the events begin. */
function blocksOf({ exports, workers }: ImageHost) {
  return Array.from({ length: workers + 1 }, (_, worker) => {
    const block = (exports.scratch(worker) >>> 0) - Block.SCRATCH
    return { block, events: (exports.ready(worker) >>> 0) + READY_MAX * READY_SIZE }
  })
}

interface Part {
  readonly address: number
  readonly octets: Uint8Array
}

function* partsOf(image: Uint8Array, memory: number): Generator<Part> {
  const view = new DataView(image.buffer, image.byteOffset, image.byteLength)
  let at = 0
  while (at < image.length) {
    const isWhole = at + RUN_HEAD <= image.length
    const address = isWhole ? view.getUint32(at, true) : 0
    const length = isWhole ? view.getUint32(at + 4, true) : 0
    at += RUN_HEAD + length
    if (!isWhole || at > image.length || address < DIRECTORY || address + length > memory) {
      throw new InvalidError('octets that are no image', 'what saveImage returned')
    }
    yield { address, octets: image.subarray(at - length, at) }
  }
}

/** Capacities and starts of regions are the first words of the directory. */
function mustFit(bytes: Uint8Array, [first]: readonly Part[]): void {
  const own = bytes.subarray(DIRECTORY, DIRECTORY + Directory.GENERATION)
  const other = first?.address === DIRECTORY ? first.octets : new Uint8Array(0)
  if (own.every((octet, at) => octet === other[at])) return
  throw new InvalidError('an image of another layout', 'one of a switch with the same capacities')
}
