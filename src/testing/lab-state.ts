/** All that a lab is, as one state: what a snapshot copies and a hash goes over. */
import type { Keeper, Kept } from '../memento/keeper.js'
import type { Bridge } from './bridge.js'
import type { LabCapture } from './capture.js'
import type { Pump } from './clock/pump.js'
import type { Timeline } from './clock/timeline.js'
import type { Waits } from './clock/wait.js'
import type { Host } from './host/host.js'
import type { Stack } from './host/stack.js'
import type { LabSwitch } from './lab-switch.js'
import type { Link } from './link/link.js'
import type { SpareSubnets } from './subnet.js'

export interface LabParts {
  readonly clock: Timeline
  readonly waits: Waits
  readonly pump: Pump
  readonly spare: SpareSubnets
  readonly hosts: Map<string, Host>
  /** Of the hosts, in the order in which they were made. */
  readonly stacks: Stack[]
  readonly bridges: Map<string, Bridge>
  readonly switches: Map<string, LabSwitch>
  readonly links: Map<string, Link>
  /** All that there are, and those of them that later links are added to. */
  readonly captures: LabCapture[]
  readonly whole: LabCapture[]
}

export class LabState implements Kept {
  constructor(private readonly parts: LabParts) {}

  keep(keeper: Keeper): void {
    const { clock, waits, pump, spare, hosts, stacks, bridges, switches, links } = this.parts
    // Whoever waits is told first: then nobody hears of what is closed below.
    for (const part of [waits, pump, clock, spare]) keeper.part(part)
    this.#endWhatIsNew(keeper)
    keeper.map(hosts)
    keeper.list(stacks, (stack) => keeper.part(stack))
    keeper.map(bridges, (bridge) => keeper.part(bridge))
    keeper.map(switches, (each) => keeper.part(each))
    keeper.map(links, (link) => keeper.part(link))
    this.#keepCaptures(keeper)
  }

  #endWhatIsNew(keeper: Keeper): void {
    const { stacks, switches, captures } = this.parts
    const then = new Set<unknown>([...stacks, ...switches.values(), ...captures])
    keeper.before(() => {
      for (const one of [...stacks, ...switches.values()]) if (!then.has(one)) one.close()
      for (const capture of captures) if (!then.has(capture)) capture.stop()
    })
  }

  /** Who looks on counts in no hash. */
  #keepCaptures(keeper: Keeper): void {
    const { captures, whole } = this.parts
    for (const capture of captures) keeper.part(capture)
    keeper.handles([[...captures], [...whole]], (all, those) => {
      captures.splice(0, Infinity, ...all)
      whole.splice(0, Infinity, ...those)
    })
  }
}
