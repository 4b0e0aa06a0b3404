/** A recording that was read: what there is in it, before anything is replayed. */

import { identity } from '../dataplane/generated/identity.js'
import { singleModule } from '../dataplane/single.js'
import { type Entry, Kind, readEntry } from './entry.js'
import { type RecordingEnd, type RecordingHead, readChunks, recordingError } from './file.js'
import { gunzip } from './gzip.js'
import { Replay } from './replay.js'

export interface OpenOptions {
  /** Takes a recording whose end is missing, as far as it goes; else that is an error. */
  cut?: boolean
}

export class Recording {
  /** @internal Use {@link openRecording}. */
  constructor(
    private readonly module: WebAssembly.Module,
    readonly head: RecordingHead,
    private readonly image: Uint8Array,
    private readonly entries: Uint8Array,
    /** Undefined: the file was cut. */
    readonly end: RecordingEnd | undefined,
  ) {}

  /** Whether this version of linkspan has the packet path that it was made with. */
  get sameModule(): boolean {
    return this.head.module === identity
  }

  /** Calls of the dataplane, notes apart. */
  get calls(): number {
    return this.#count(() => 1)
  }

  /** Frames that came in. */
  get frames(): number {
    const process = this.head.calls.indexOf('process')
    return this.#count(({ call, count }) => (call === process ? count : 0))
  }

  #count(of: (entry: Entry) => number): number {
    let sum = 0
    for (const entry of entriesOf(this.entries)) if (entry.kind === Kind.CALL) sum += of(entry)
    return sum
  }

  /** From its beginning; each is a dataplane of its own. */
  replay(): Replay {
    const { module, head, image, entries, end } = this
    return new Replay({ module, head, image, entries, state: end?.state ?? null, cut: !end })
  }
}

/** The entries that are whole. */
export function* entriesOf(entries: Uint8Array): Generator<Entry> {
  const view = new DataView(entries.buffer, entries.byteOffset, entries.length)
  for (let at = 0; ; ) {
    const entry = readEntry(view, at)
    if (!entry) return
    yield entry
    at = entry.end
  }
}

/**
 * Reads a recording: a file of `linkspan record`, or of `record()` of a switch.
 *
 * @throws LinkspanError code `RECORDING`: it is none, is of a format that this version does not know, is
 *   of memory laid out otherwise, or is cut and that was not asked for
 */
export async function openRecording(
  octets: Uint8Array,
  { cut = false }: OpenOptions = {},
): Promise<Recording> {
  const { head, image, entries, end } = readChunks(await gunzip(octets))
  if (end === undefined && !cut) {
    throw recordingError(
      'the recording is cut: its end is missing; with { cut: true } it is replayed as far as it goes',
    )
  }
  return new Recording(await singleModule(), head, image, entries, end)
}
