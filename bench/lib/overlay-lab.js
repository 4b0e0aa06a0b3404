// Two hosts in namespaces of their own, joined by a wire (the underlay), and on each a namespace that
// stands for a container: what is measured is how the two containers reach each other.
import { ifnames, Lab } from './lab.js'
import { run } from './process.js'

const SIDES = ['a', 'b']

/** The hosts' addresses on the wire, with every peer the same. */
export const vteps = { a: '192.0.2.1', b: '192.0.2.2' }

/** What a container's interface takes: VXLAN over IPv4 takes 50 octets of the wire's 1500. */
export const INNER_MTU = 1450

/** The wire's interface, with every peer the same. */
export const WIRE = 'bn-wire'

const ip = (...args) => run('ip', args)

export class OverlayLab extends Lab {
  constructor(name) {
    super(name)
    this.hosts = { a: `${this.host}-host-a`, b: `${this.host}-host-b` }
  }

  get namespaces() {
    return [this.a, this.b, this.hosts.a, this.hosts.b]
  }

  async setUp() {
    await super.setUp()
    const far = ['peer', 'name', WIRE, 'netns', this.hosts.b]
    await ip('-n', this.hosts.a, 'link', 'add', WIRE, 'type', 'veth', ...far)
    for (const side of SIDES) {
      await ip('-n', this.hosts[side], 'address', 'add', `${vteps[side]}/24`, 'dev', WIRE)
      await ip('-n', this.hosts[side], 'link', 'set', WIRE, 'up')
    }
  }

  /** What stands in a peer's config for a side: where it runs, what it is called, what it reaches. */
  side(side) {
    const [local, remote] = side === 'a' ? [vteps.a, vteps.b] : [vteps.b, vteps.a]
    return { side, host: this.hosts[side], ifname: ifnames[side], local, remote }
  }

  /** Does something on both hosts, one after the other. */
  async onBoth(action) {
    for (const side of SIDES) await action(this.side(side))
  }

  /** Moves the interface that a peer made on each host into its container. */
  async adopt(mtu = INNER_MTU) {
    await this.onBoth(({ side, host }) => this.adoptSide(side, host, mtu))
  }
}
