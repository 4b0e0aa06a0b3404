/** Which connection a segment belongs to. */

import type { Keeper } from '../../memento/keeper.js'
import type { Address } from '../host/network.js'
import type { Tcb } from './tcb.js'

/** By both ports, which tell most apart; then by addresses. No strings, nothing made for a look-up. */
export class ConnectionTable {
  readonly #byPorts = new Map<number, Tcb[]>()
  /** Segments come in runs. */
  #last: Tcb | undefined
  #size = 0

  get size(): number {
    return this.#size
  }

  find(local: Address, localPort: number, remote: Address, remotePort: number): Tcb | undefined {
    const last = this.#last
    if (last !== undefined && isOf(last, local, localPort, remote, remotePort)) return last
    const found = this.#byPorts
      .get(key(localPort, remotePort))
      ?.find((tcb) => isOf(tcb, local, localPort, remote, remotePort))
    if (found !== undefined) this.#last = found
    return found
  }

  add(tcb: Tcb): void {
    const at = key(tcb.ends.localPort, tcb.ends.remotePort)
    const bucket = this.#byPorts.get(at)
    if (bucket === undefined) this.#byPorts.set(at, [tcb])
    else bucket.push(tcb)
    this.#size++
  }

  remove(tcb: Tcb): void {
    const at = key(tcb.ends.localPort, tcb.ends.remotePort)
    const bucket = this.#byPorts.get(at)
    const index = bucket?.indexOf(tcb) ?? -1
    if (bucket === undefined || index < 0) return
    bucket.splice(index, 1)
    if (bucket.length === 0) this.#byPorts.delete(at)
    if (this.#last === tcb) this.#last = undefined
    this.#size--
  }

  all(): Tcb[] {
    return [...this.#byPorts.values()].flat()
  }

  /** @internal */
  keep(keeper: Keeper): void {
    keeper.map(this.#byPorts, (bucket) => keeper.list(bucket, (tcb) => keeper.part(tcb)))
    keeper.handles([this.#size], (size) => {
      this.#size = size
      this.#last = undefined
    })
  }
}

const key = (localPort: number, remotePort: number): number => (localPort << 16) | remotePort

function isOf(
  { ends }: Tcb,
  local: Address,
  localPort: number,
  remote: Address,
  remotePort: number,
): boolean {
  return (
    ends.remotePort === remotePort &&
    ends.localPort === localPort &&
    isSame(ends.remoteAddress, remote) &&
    isSame(ends.localAddress, local)
  )
}

/** Of `config/address` the like makes texts: not for every segment. */
export function isSame(a: Address, b: Address): boolean {
  if (a === b) return true
  const { bytes } = a
  if (bytes.length !== b.bytes.length) return false
  for (let at = bytes.length - 1; at >= 0; at--) if (bytes[at] !== b.bytes[at]) return false
  return true
}
