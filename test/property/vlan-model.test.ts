/** The dataplane and the model of VLAN bridges with policy, through the same random life. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { onEveryBuild } from '../support/builds.js'
import { type Rig, rig } from '../support/rig.js'
import {
  beginning,
  bridges,
  bytesOf,
  type Operation,
  operation,
  settingsOf,
  takesOffloads,
} from '../support/vlan-life.js'
import { VlanModel } from '../support/vlan-model.js'

const octets = (hex: string) => Uint8Array.from(Buffer.from(hex, 'hex'))
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
const TPID = { '802.1Q': 0x8100, '802.1ad': 0x88a8 }
type On<K extends Operation['kind']> = Extract<Operation, { kind: K }>

/** Both, side by side. */
class Pair {
  readonly model = new VlanModel()
  readonly bench: Rig
  #mark = 0

  constructor(build: Parameters<typeof rig>[0]) {
    this.bench = rig(build)
    for (const name of bridges) {
      const settings = settingsOf[name]!
      this.bench.bridge(name, settings)
      const tpid = TPID[settings.vlanProtocol ?? '802.1Q']
      const control = settings.controlFrames ? [0x0e] : []
      const { ageing, vlanAware = false } = settings
      this.model.bridges.set(name, { ageing, vlanAware, tpid, control })
    }
  }

  apply(operation: Operation): void {
    const { model, bench } = this
    if (operation.kind === 'advance') {
      model.now += operation.ticks * 125
      bench.advance(operation.ticks * 125)
    } else if (operation.kind === 'retag') {
      bench.bridge(operation.bridge, { vlanProtocol: operation.protocol })
      model.setBridge(operation.bridge, { tpid: TPID[operation.protocol] })
    } else if (operation.kind === 'flush') this.#flush(operation)
    else if (operation.kind === 'delete') this.#delete(operation)
    else if (operation.kind === 'add') this.#add(operation)
    else if (model.ports.has(operation.name)) this.#onPort(operation)
  }

  #add({ name, settings }: On<'add'>): void {
    if (this.model.ports.has(name)) return
    this.bench.port(name, { ...settings, offloads: takesOffloads(name) })
    this.model.addPort(name, { ...settings })
  }

  #flush({ scope }: On<'flush'>): void {
    const { model, bench } = this
    if (scope.port !== undefined && !model.ports.has(scope.port)) return
    const domain = this.#domain(scope.bridge, scope.vlan)
    if (scope.vlan !== undefined && (!domain.includes('/') || !model.hasDomain(domain))) return
    bench.topology.entries.flush(scope)
    model.flush((entry, of) => {
      if (scope.port !== undefined) return entry.port === scope.port
      if (scope.vlan !== undefined) return of === domain
      return scope.bridge === undefined || of.split('/')[0] === scope.bridge
    })
  }

  #domain(bridge = '', vlan = 0): string {
    return this.model.bridges.get(bridge)?.vlanAware ? `${bridge}/${vlan}` : `${bridge}`
  }

  #delete({ bridge, mac, vlan }: On<'delete'>): void {
    const { vlanAware } = this.model.bridges.get(bridge)!
    const domain = this.#domain(bridge, vlan)
    if (!this.model.hasDomain(domain)) return
    this.bench.deleteEntry(octets(mac), bridge, vlanAware ? vlan : undefined)
    this.model.delete(domain, mac)
  }

  #onPort(operation: On<'remove'> | On<'set'> | On<'static'> | On<'burst'>): void {
    const { model, bench } = this
    const { name } = operation
    if (operation.kind === 'remove') {
      bench.removePort(name)
      model.removePort(name)
    } else if (operation.kind === 'set') {
      bench.setPort(name, operation.settings)
      model.setPort(name, operation.settings)
    } else if (operation.kind === 'static') {
      const { bridge } = model.ports.get(name)!
      const { vlanAware } = model.bridges.get(bridge)!
      const domain = this.#domain(bridge, operation.vlan)
      if (!model.hasDomain(domain)) return
      const vlan = vlanAware ? operation.vlan : undefined
      bench.setStatic(octets(operation.mac), name, bridge, vlan)
      model.setStatic(domain, operation.mac, name)
    } else this.#burst(operation)
  }

  #burst({ name, frames }: On<'burst'>): void {
    for (const given of frames) {
      const bytes = bytesOf(given, ++this.#mark)
      this.bench.inject(name, bytes)
      this.model.receive(name, bytes)
    }
    this.bench.run()
  }

  compare(): void {
    const { model, bench } = this
    for (const [port, frames] of model.sent) {
      expect([port, bench.frames(port).map(hex)]).toEqual([port, frames])
      frames.length = 0
    }
    expect(bench.fdb()).toEqual(model.fdb())
    expect(bench.drops()).toEqual(Object.fromEntries(model.dropped))
  }

  run(operations: readonly Operation[]): void {
    for (const operation of [...beginning, ...operations]) {
      this.apply(operation)
      this.compare()
    }
    const { moved, staticViolated, unlearned } = this.bench.statistics()
    const seen = (what: string) => this.model.seen.get(what) ?? 0
    expect({ moved, staticViolated, unlearned }).toEqual({
      moved: seen('moved'),
      staticViolated: seen('violated'),
      unlearned: 0,
    })
  }
}

/** What must have come about, or the run proved little. */
const wanted = {
  often: ['unicast', 'flood', 'tagged', 'untagged', 'moved', 'voided', 'aged', 'no-destination'],
  drops: ['port-down', 'same-port', 'over-mtu', 'egress-down', 'isolated', 'locked'],
  vlan: ['vlan-ingress', 'vlan-reserved', 'vlan-nested', 'tagged-refused', 'untagged-refused'],
  others: ['truncated-tag', 'sticky-violated', 'violated', 'reserved-destination'],
}

onEveryBuild('VLAN bridges and their model', (build) => {
  test('B3, B5 to B9, B11, B12 (802.1Q 6.9, 8.6): agree octet by octet, entry by entry and drop by drop', () => {
    const total = new Map<string, number>()
    fc.assert(
      fc.property(
        fc.array(operation, { minLength: 1, maxLength: 150, size: 'max' }),
        (operations) => {
          const pair = new Pair(build)
          pair.run(operations)
          for (const [what, times] of pair.model.seen) {
            total.set(what, (total.get(what) ?? 0) + times)
          }
        },
      ),
      { numRuns: 80 },
    )
    for (const what of Object.values(wanted).flat()) {
      expect([what, (total.get(what) ?? 0) > 3]).toEqual([what, true])
    }
  })
})
