/** The memory that a recording is replayed on. */
import { DIRECTORY, Directory } from '../dataplane/abi.js'
import { loadWhole } from '../dataplane/image.js'
import { memorySize } from '../dataplane/instance.js'
import type { RecordingHead } from './file.js'
import { recordingError } from './file.js'

const PAGE = 65_536
/** Of an image: where its first octets lie, and how many these are. */
const RUN_HEAD = 8

/**
 * A memory of the size that the head names.
 *
 * @throws LinkspanError code `RECORDING` where that is not what the tables of the image take: nothing
 *   of it is to be trusted then, and least of all how much of our memory it wants
 */
export function memoryFor(
  module: WebAssembly.Module,
  { memory, workers }: RecordingHead,
  image: Uint8Array,
): WebAssembly.Memory {
  const pages = memory / PAGE
  if (pagesOf(module, workers, image) !== pages) {
    throw recordingError(
      'the recording is damaged, or of a version of linkspan with other tables: its memory is not as long as these',
    )
  }
  return new WebAssembly.Memory({ initial: pages, maximum: pages })
}

/** Pages that a memory has of the capacities that an image begins with; undefined where it does not. */
function pagesOf(
  module: WebAssembly.Module,
  workers: number,
  image: Uint8Array,
): number | undefined {
  const view = new DataView(image.buffer, image.byteOffset, image.length)
  if (image.length < RUN_HEAD + Directory.GENERATION) return undefined
  if (view.getUint32(0, true) !== DIRECTORY) return undefined
  const word = (offset: number) => view.getUint32(RUN_HEAD + offset, true)
  if (word(Directory.WORKERS) !== workers) return undefined
  const bridges = word(Directory.BRIDGES)
  const octets = memorySize(module, 'single', {
    workers,
    bridges,
    ports: word(Directory.PORTS) - 1,
    vlans: word(Directory.DOMAINS) - bridges - 1,
    memberships: word(Directory.MEMBERSHIPS),
    macs: word(Directory.MACS),
    arena: word(Directory.ARENA),
    routes: word(Directory.ROUTES),
    neighbors: word(Directory.NEIGHBORS),
    flows: word(Directory.FLOWS),
    flows6: word(Directory.FLOWS6),
    rules: word(Directory.RULES),
  })
  return Math.ceil(octets / PAGE)
}

/** Puts an image there. @throws LinkspanError code `RECORDING` where it does not fit */
export function load(memory: WebAssembly.Memory, image: Uint8Array): void {
  try {
    loadWhole(memory, image)
  } catch (cause) {
    throw recordingError('the recording is damaged: its memory does not fit', { cause })
  }
}

/** What attaches instances to it. @throws LinkspanError code `RECORDING` where the tables are others */
export function attached<T>(make: () => T): T {
  try {
    return make()
  } catch (cause) {
    throw recordingError(
      'the recording is of a version of linkspan with other tables: replay it with that version',
      { cause },
    )
  }
}
