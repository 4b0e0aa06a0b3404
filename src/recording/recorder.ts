/** Records a switch of this thread: what `Switch.record` does. */
import type { Forwarder } from '../dataplane/forwarder.js'
import { identity } from '../dataplane/generated/identity.js'
import { hashMemory, type ImageHost, saveWhole } from '../dataplane/image.js'
import type { Manager } from '../dataplane/manager.js'
import type { Topology } from '../dataplane/topology.js'
import { ENTRY, Kind, padded, writeHead } from './entry.js'
import { Chunk, chunk, FORMAT, jsonChunk, magic, type Names, type RecordingHead } from './file.js'
import { gzip } from './gzip.js'
import { callsOf, tap } from './tap.js'
import { OwnTape, type Tape } from './tape.js'

/** What is recorded. */
export interface Source {
  readonly memory: WebAssembly.Memory
  readonly manager: Manager
  readonly topology: Topology
  /** As it stands. */
  config(): unknown
  now(): number
}

/** Octets of frames and calls after which a recording ends. */
const LIMIT = 512 << 20

/** The names of ports and domains, by their numbers. */
export function namesOf(topology: Topology): Names {
  const ports = Array.from(topology.ports, ([name, { index }]) => [index, name] as const)
  const domains = [...topology.bridges.keys()].flatMap((bridge) =>
    Array.from(topology.domains.vlansOf(bridge), (vlan) => {
      const fid = topology.domains.fidOf(bridge, vlan) as number
      return [fid, vlan === 0 ? bridge : `${bridge} VLAN ${vlan}`] as const
    }),
  )
  return { ports: Object.fromEntries(ports), domains: Object.fromEntries(domains) }
}

/** Its memory, to be copied and hashed. */
export function hostOf({ memory, manager: { exports, workers } }: Source): ImageHost {
  return { memory, exports, workers }
}

export function headOf(source: Source, started: string | null): RecordingHead {
  const { memory, manager, topology } = source
  return {
    format: FORMAT,
    module: identity,
    memory: memory.buffer.byteLength,
    workers: manager.workers,
    started,
    now: source.now(),
    calls: callsOf(manager.exports),
    names: namesOf(topology),
    config: source.config(),
  }
}

/** Records what control calls, and with every change of config the names that changed by it. */
export function tapControl({ memory, manager, topology }: Source, tape: Tape): () => void {
  const { exports, self } = manager
  let known = JSON.stringify(namesOf(topology))
  const onCommit = () => {
    const names = JSON.stringify(namesOf(topology))
    if (names === known) return
    known = names
    note(tape, self, names)
  }
  return tap({ exports, memory, worker: self, after: { configCommit: onCommit } }, tape)
}

function note(tape: Tape, who: number, text: string): void {
  const octets = new TextEncoder().encode(text)
  const size = ENTRY + padded(octets.length)
  const at = tape.begin(who, () => size)
  if (at < 0) return
  writeHead(tape.view, at, size, { kind: Kind.NOTE, worker: who, count: octets.length })
  tape.bytes.set(octets, at + ENTRY)
  tape.written()
  tape.end()
}

export class SwitchRecording {
  readonly #source: Source
  readonly #head: RecordingHead
  readonly #image: Uint8Array
  readonly #tape: OwnTape
  readonly #taps: (() => void)[]
  #state: string | undefined

  /** @internal Use {@link Switch.record}. */
  constructor(source: Source, forwarders: readonly Forwarder[], limit = LIMIT) {
    const { memory } = source
    this.#source = source
    this.#head = headOf(source, null)
    this.#image = saveWhole(hostOf(source), false)
    this.#tape = new OwnTape(limit)
    this.#taps = [
      tapControl(source, this.#tape),
      ...forwarders.map(({ exports, worker }) => tap({ exports, memory, worker }, this.#tape)),
    ]
  }

  /** Why it ended by itself, if it did. */
  get over(): string | undefined {
    return this.#tape.over
  }

  /** Ends it; again is harmless. */
  stop(): void {
    for (const end of this.#taps.splice(0).reverse()) end()
    this.#state ??= hashMemory(hostOf(this.#source))
  }

  /** The file, with all that happened until `stop`, or until now, where it goes on. */
  bytes(): Promise<Uint8Array<ArrayBuffer>> {
    const { over } = this.#tape
    const reason = over ?? 'stopped'
    const now = this.#state ?? hashMemory(hostOf(this.#source))
    const state = over === undefined ? now : null
    return gzip([
      magic(),
      jsonChunk(Chunk.HEAD, this.#head),
      chunk(Chunk.IMAGE, this.#image),
      chunk(Chunk.ENTRIES, this.#tape.entries),
      jsonChunk(Chunk.END, { reason, state }),
    ])
  }
}
