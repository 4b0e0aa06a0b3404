/** What has changed since the last commit, by number: ports and bridges to be written, or to be voided. */
import type { Keeper } from '../memento/keeper.js'

export class Pending {
  readonly ports = new Set<number>()
  readonly bridges = new Set<string>()
  /** By name, so that one that is made again goes on under its number. */
  readonly removedBridges = new Map<string, number>()
  /** Ports on which nothing that was learnt holds any more. */
  readonly voidPorts = new Set<number>()

  /** That a change is wanted though nothing changes: whoever passes it has left what was before. */
  barrier = false

  /** Whether there is nothing to be written; what is to be voided came with something that is. */
  get isEmpty(): boolean {
    return !this.barrier && this.ports.size + this.bridges.size + this.removedBridges.size === 0
  }

  clear(): void {
    this.barrier = false
    this.ports.clear()
    this.bridges.clear()
    this.removedBridges.clear()
    this.voidPorts.clear()
  }

  /** @internal */
  keep(keeper: Keeper): void {
    keeper.set(this.ports)
    keeper.set(this.bridges)
    keeper.map(this.removedBridges)
    keeper.set(this.voidPorts)
    keeper.values([this.barrier], (barrier) => {
      this.barrier = barrier
    })
  }
}
