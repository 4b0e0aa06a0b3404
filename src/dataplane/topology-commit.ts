/** Writes what has changed of a topology, all of it in one commit, and forgets what that made void. */
import type { Domains } from './domains.js'
import type { Entries } from './entries.js'
import type { Filter } from './filter.js'
import type { Flows } from './flows.js'
import type { Manager } from './manager.js'
import type { Numbers } from './numbers.js'
import type { Overlay } from './overlay.js'
import type { Pending } from './pending.js'
import { bindingsOf } from './port-record.js'
import { type MirrorView, portRecord } from './port-settings.js'
import type { Router } from './router.js'
import type { TopologyState } from './topology-state.js'
import type { Translation } from './translation.js'

/** What is written with ports and bridges. */
export interface CommitParts extends MirrorView {
  readonly domains: Domains
  readonly entries: Entries
  readonly filter: Filter
  readonly router: Router
  readonly translation: Translation
  readonly overlay: Overlay
  readonly flows: Flows
}

export class TopologyCommit {
  /** @param bridgeIndices takes the numbers of removed bridges back */
  constructor(
    private readonly manager: Manager,
    private readonly parts: CommitParts,
    private readonly state: TopologyState,
    private readonly pending: Pending,
    private readonly bridgeIndices: Numbers,
  ) {}

  /** False, and nothing done, while a worker has not yet passed the change before. */
  flush(): boolean {
    const { router, translation, filter } = this.parts
    const others = router.changed || translation.changed || filter.dirty
    if (this.pending.isEmpty && !others) return true
    if (!this.manager.begin()) return false
    this.#write()
    this.#committed(this.manager.commit())
    return true
  }

  /** Throws what `flush` would throw where rules and addresses find no room; changes nothing. */
  rehearse(): void {
    const { translation, filter } = this.parts
    if (translation.changed) translation.check()
    // The change that this opens is opened anew by `flush`.
    if (filter.dirty && this.manager.begin()) filter.compile()
  }

  /** Into the open change. */
  #write(): void {
    const { bridges, removedBridges, ports } = this.pending
    const { domains, filter, router, translation } = this.parts
    for (const name of bridges) this.#writeBridge(name)
    for (const [name, index] of removedBridges) domains.drop(name, index)
    for (const index of ports) this.#writePort(index)
    filter.write()
    for (const { index, policy } of this.state.ports.values()) {
      if (policy?.guard) this.manager.setBindings(index, bindingsOf(policy.guard))
    }
    router.write()
    translation.write()
  }

  #writeBridge(name: string): void {
    const { domains, filter, router } = this.parts
    const { index, ageing, policy, suppresses = false } = this.state.bridge(name)
    const closed = policy === 'deny'
    const filtered = closed || filter.concerns(name)
    const wanted = this.state.domainsOf(name, router.vlansOf(name))
    domains.write({ name, index, ageing, filtered, closed, suppresses }, wanted)
    // With other VLANs, "all" of them means another set.
    for (const [, port] of this.state.portsOf(name)) {
      if (port.policy?.vlan?.tagged === 'all') this.pending.ports.add(port.index)
    }
  }

  #writePort(index: number): void {
    const port = this.state.portAt(index)
    const record = port && portRecord(this.parts, this.state.bridge(port.bridge), port)
    this.manager.setPort(index, record)
  }

  /** The change is active: forgets what came by what is gone, and gives its numbers back. */
  #committed(generation: number): void {
    const { domains, entries, flows, overlay, translation, router } = this.parts
    for (const fid of domains.committed(generation)) {
      entries.forgetDomain(fid)
      this.manager.router.flushNeighbors({ fid })
      flows.purgeDomain(fid)
    }
    for (const index of this.pending.voidPorts) {
      // By the FDB, so before it forgets them.
      this.manager.router.flushNeighbors({ port: index })
      this.manager.exports.fdbFlushPort(index)
      flows.purgePort(index)
    }
    translation.nat.settle()
    overlay.committed()
    router.committed()
    for (const index of this.pending.removedBridges.values()) {
      this.bridgeIndices.retire(index, generation)
    }
    this.pending.clear()
  }
}
