/**
 * What threads of the computer's do for the program: files, names, compression. Time stands meanwhile: no
 * time-out of the program's is to come because a disk was slow.
 */
import { real } from './real.js'

interface NodeGlobals {
  process?: { getActiveResourcesInfo?: () => string[] }
}

/** What else counts such work: each says how much is under way. */
export const workCounts = new Set<() => number>()

/** Milliseconds of the computer's. What has not changed by then may never: it reads a terminal, or a pipe. */
const LONGEST = 1000
/** Requests of Node's by their names: files, and names of hosts. */
const REQUEST = /^(FSReq|CloseReq|FileHandle\w*(Req|Wrap)|GetAddrInfoReq|GetNameInfoReq)/

const { process } = globalThis as unknown as NodeGlobals

export class Threads {
  /** Of what is under way, what is not waited for any more. */
  #stuck = 0
  #count = 0
  #since: number | undefined

  /** Looks once more. @returns whether there is work to wait for */
  mustWait(): boolean {
    const count = underWay()
    this.#stuck = Math.min(this.#stuck, count)
    if (count === this.#stuck) {
      this.#since = undefined
      return false
    }
    const now = real.now()
    if (this.#since === undefined || count !== this.#count) this.#since = now
    this.#count = count
    if (now - this.#since < LONGEST) return true
    this.#stuck = count
    return false
  }

  /** Something has happened in the lab: it may be that the program goes on with what it reads. */
  changed(): void {
    this.#since = undefined
  }
}

function underWay(): number {
  let count = 0
  for (const each of process?.getActiveResourcesInfo?.() ?? []) if (REQUEST.test(each)) count++
  for (const each of workCounts) count += each()
  return count
}
