/** What there is in a lab, by name, and what looks on. */
import { describe, oneOf, quote } from '../config/describe.js'
import { LinkspanError } from '../error.js'
import { Bridge, found } from './bridge.js'
import { LabCapture } from './capture.js'
import type { Timeline } from './clock/timeline.js'
import type { Host } from './host/host.js'
import type { Stack } from './host/stack.js'
import type { LabSwitch } from './lab-switch.js'
import type { Link } from './link/link.js'
import { SpareSubnets } from './subnet.js'
import type { LabView } from './view.js'

export class Inventory {
  readonly hosts = new Map<string, Host>()
  /** Of the hosts, in the order in which they were made. */
  readonly stacks: Stack[] = []
  readonly bridges = new Map<string, Bridge>()
  readonly switches = new Map<string, LabSwitch>()
  readonly links = new Map<string, Link>()
  readonly captures: LabCapture[] = []
  /** Those of them that later links are added to. */
  readonly wholeCaptures: LabCapture[] = []
  readonly spare = new SpareSubnets()
  /** The same for who only looks. */
  readonly view: LabView = {
    hosts: this.hosts,
    bridges: this.bridges,
    switches: this.switches,
    links: this.links,
    captures: this.wholeCaptures,
  }

  /** @throws LinkspanError code `EXISTS` */
  mustBeNew(kind: 'host' | 'bridge' | 'link', name: string): void {
    if (!this[`${kind}s`].has(name)) return
    throw new LinkspanError('EXISTS', `the lab has a ${kind} ${quote(name)}: take another name`)
  }

  addSwitch(made: LabSwitch): void {
    this.switches.set(made.name, made)
    for (const capture of this.wholeCaptures) capture.addDrops(made)
  }

  addLink(link: Link): void {
    this.links.set(link.name, link)
    for (const capture of this.wholeCaptures) capture.add(link)
  }

  /** The bridge that somebody asks for; the only one there is, where none is asked for. */
  bridgeFor(who: string, bridge: Bridge | string | undefined): Bridge {
    if (bridge !== undefined) return this.bridgeOf(bridge)
    const [only] = this.bridges.values()
    if (only && this.bridges.size === 1) return only
    const expected = this.bridges.size === 0 ? 'make one with lab.bridge()' : 'say which'
    throw new LinkspanError('INVALID', `${who} needs a bridge: ${expected}`)
  }

  bridgeOf(bridge: Bridge | string): Bridge {
    if (!(bridge instanceof Bridge)) return found(this.bridges, bridge)
    if (this.bridges.get(bridge.name) === bridge) return bridge
    throw new LinkspanError('INVALID', `bridge ${quote(bridge.name)} is of another lab`)
  }

  /** Networks that no bridge has yet. */
  spareSubnets(): string[] {
    return this.spare.next([...this.bridges.values()].flatMap((one) => one.subnets))
  }

  /** @throws LinkspanError code `NOT_FOUND` */
  link(name: Host | string): Link {
    const key = typeof name === 'string' ? name : name.name
    const link = this.links.get(key)
    if (link) return link
    const known =
      this.links.size === 0 ? 'the lab has none' : `expected ${oneOf([...this.links.keys()])}`
    throw new LinkspanError('NOT_FOUND', `no link ${describe(key)}; ${known}`)
  }

  /** Hosts, and switches with an underlay, unless a host has their name. */
  get members(): Map<string, Host | LabSwitch> {
    const ends = [...this.switches].filter(([, { addresses }]) => addresses.length > 0)
    return new Map<string, Host | LabSwitch>([...ends, ...this.hosts])
  }

  /** Begins a capture of a link; or of all of them, later ones too, and of what switches drop. */
  capture(clock: Timeline, link: Link | undefined): LabCapture {
    const capture = new LabCapture(clock, this.view)
    this.captures.push(capture)
    if (link !== undefined) {
      capture.add(link)
      return capture
    }
    for (const each of this.links.values()) capture.add(each)
    for (const each of this.switches.values()) capture.addDrops(each)
    this.wholeCaptures.push(capture)
    return capture
  }
}
