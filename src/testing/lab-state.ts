/** All that a lab is, as one state: what a snapshot copies and a hash goes over. */
import type { Keeper, Kept } from '../memento/keeper.js'
import type { Pump } from './clock/pump.js'
import type { Timeline } from './clock/timeline.js'
import type { Waits } from './clock/wait.js'
import type { Inventory } from './inventory.js'
import type { FakeTimers } from './timers/fakes.js'

export interface LabParts {
  readonly clock: Timeline
  readonly waits: Waits
  readonly pump: Pump
  readonly has: Inventory
  /** The program's timers, if they are on the clock. */
  readonly fakes: () => FakeTimers | undefined
}

export class LabState implements Kept {
  constructor(private readonly parts: LabParts) {}

  keep(keeper: Keeper): void {
    const { clock, waits, pump, has, fakes } = this.parts
    const { spare, hosts, stacks, bridges, switches, links } = has
    // Whoever waits is told first: then nobody hears of what is closed below.
    for (const part of [waits, pump, clock, spare]) keeper.part(part)
    this.#endWhatIsNew(keeper)
    keeper.map(hosts)
    keeper.list(stacks, (stack) => keeper.part(stack))
    keeper.map(bridges, (bridge) => keeper.part(bridge))
    keeper.map(switches, (each) => keeper.part(each))
    keeper.map(links, (link) => keeper.part(link))
    keeper.part(fakes())
    this.#keepCaptures(keeper)
  }

  #endWhatIsNew(keeper: Keeper): void {
    const { stacks, switches, captures } = this.parts.has
    const then = new Set<unknown>([...stacks, ...switches.values(), ...captures])
    keeper.before(() => {
      for (const one of [...stacks, ...switches.values()]) if (!then.has(one)) one.close()
      for (const capture of captures) if (!then.has(capture)) capture.stop()
    })
  }

  /** Who looks on counts in no hash. */
  #keepCaptures(keeper: Keeper): void {
    const { captures, wholeCaptures: whole } = this.parts.has
    for (const capture of captures) keeper.part(capture)
    keeper.handles([[...captures], [...whole]], (all, those) => {
      captures.splice(0, Infinity, ...all)
      whole.splice(0, Infinity, ...those)
    })
  }
}
