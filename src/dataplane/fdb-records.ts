/** The FDB by number: fdb.ts and entries.ts have it by name. */
import { LinkspanError } from '../error.js'
import { Change, ENTRY_EXTERNAL, ENTRY_STATIC, ENTRY_STICKY } from './abi.js'
import type { Manager } from './manager.js'

/** An FDB entry; the MAC as its first two octets and its last four. */
export interface FdbEntry {
  fid: number
  port: number
  static: boolean
  sticky: boolean
  /** Programmed from a directory: does not age, and moves as what was learnt does. */
  external: boolean
  macHigh: number
  macLow: number
  /** Milliseconds since it was last seen; 0 for a static or sticky one. */
  age: number
}

/** What of an entry is said when it is made. */
export type MadeEntry = Omit<FdbEntry, 'age' | 'sticky' | 'external'> & { external?: boolean }

const ENTRY_SIZE = 24
const CURSOR_OFFSET = 248

export class FdbRecords {
  constructor(private readonly manager: Manager) {}

  set(entry: MadeEntry, now: number): void {
    const { exports, self } = this.manager
    const { fid, macHigh, macLow, port } = entry
    const flags = (entry.static ? ENTRY_STATIC : 0) | (entry.external ? ENTRY_EXTERNAL : 0)
    const outcome = exports.fdbSet(self, fid, macHigh, macLow, port, flags, now)
    if (outcome === Change.FULL) {
      throw new LinkspanError('LIMIT', 'the FDB is full of static entries: raise capacity.macs')
    }
    if (outcome !== Change.DONE) throw busy()
  }

  /** False if there was no such entry. */
  delete(fid: number, macHigh: number, macLow: number): boolean {
    const { exports, self } = this.manager
    const outcome = exports.fdbDelete(self, fid, macHigh, macLow)
    if (outcome === Change.BUSY) throw busy()
    return outcome === Change.DONE
  }

  /** The entries in force at `now`. */
  *list(now: number): Generator<FdbEntry> {
    const { exports, self, scratch } = this.manager
    let cursor = 0
    for (;;) {
      const found = exports.fdbNext(self, cursor, now)
      if (found === 0) return
      cursor = scratch.getUint32(CURSOR_OFFSET, true)
      // Read them all before yielding: the scratch space is used by other calls too.
      yield* Array.from({ length: found }, (_, index) => this.#at(index * ENTRY_SIZE))
    }
  }

  /** The entry in force of an address. */
  find(fid: number, macHigh: number, macLow: number, now: number): FdbEntry | undefined {
    const { exports, self } = this.manager
    return exports.fdbFind(self, fid, macHigh, macLow, now) ? this.#at(0) : undefined
  }

  #at(at: number): FdbEntry {
    const view = this.manager.scratch
    const flags = view.getUint32(at + 8, true)
    return {
      fid: view.getUint32(at, true),
      port: view.getUint32(at + 4, true),
      static: (flags & ENTRY_STATIC) !== 0,
      sticky: (flags & ENTRY_STICKY) !== 0,
      external: (flags & ENTRY_EXTERNAL) !== 0,
      macHigh: view.getUint32(at + 12, true),
      macLow: view.getUint32(at + 16, true),
      age: view.getUint32(at + 20, true),
    }
  }
}

const busy = () => new LinkspanError('BUSY', 'the FDB is busy: try again')
