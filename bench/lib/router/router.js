// The real dataplane as a router: a bridge with hosts on port 0, an uplink on port 1 with another router
// behind it, which all that is outside is reached by. All neighbours are known.
import { HouseError } from '../../../scripts/lib/house.js'
import { dataplane } from '../pipeline/dataplane.js'
import { capacities, Runner } from '../pipeline/runner.js'

const SEED = [0x12345678, 0x9abcdef0]
/** What the default of a config is. */
const NEIGHBORS = 4096
const ALL_OFFLOADS = 31

/** Hosts on the bridge. */
export const HOSTS = 1000
/** MACs, as their first two octets and the other four. */
export const GATEWAY = [0x02ff, 1]
export const UPLINK = [0x02ff, 2]
export const NEXT_HOP = [0x0201, 1]
export const macOfHost = (host) => [0x0200, 0x1000 + host]
/** The address of a host: its number is behind 10.0.0.0/16, from 256 on. */
export const addressOfHost = (host) => (0x0a000000 | (host + 256)) >>> 0

const text = (address) => [24, 16, 8, 0].map((bits) => (address >>> bits) & 255).join('.')
const macText = ([high, low]) =>
  (high.toString(16).padStart(4, '0') + low.toString(16).padStart(8, '0')).match(/../g).join(':')

const sides = [
  ['lan', 'a'],
  ['wan', 'b'],
]

/** All hosts, and the router outside. */
function everybody() {
  const hosts = Array.from({ length: HOSTS }, (_, host) => {
    return { bridge: 'lan', address: text(addressOfHost(host)), mac: macText(macOfHost(host)) }
  })
  return [...hosts, { bridge: 'wan', address: '203.0.113.1', mac: macText(NEXT_HOP) }]
}

/** What a router's memory is sized for. */
export const routerCapacities = ({ flows, flows6 = 0, rules = 0 }) => ({
  ...capacities(65_536),
  ...{ routes: 1024, neighbors: NEIGHBORS, flows, flows6, rules },
})

/**
 * @typedef {object} RouterOptions
 * @property {number} flows that there is room for
 * @property {boolean} translated what leaves by the uplink has an address of the uplink's; otherwise it
 *   leaves as it came
 * @property {import('../../../src/dataplane/filter.js').FilterRule[]} [rules]
 */
export class BenchRouter extends Runner {
  /** @param {RouterOptions} options */
  static async create(options) {
    const rooms = await dataplane()
    const module = await rooms.sharedModule()
    const { flows, rules = [] } = options
    const wanted = routerCapacities({ flows, rules: rules.length })
    const memory = rooms.createMemory(module, 'shared', wanted, SEED)
    return new BenchRouter(rooms, { module, memory }, wanted, options)
  }

  constructor(rooms, attachment, wanted, { translated, rules = [] }) {
    super(rooms, attachment)
    this.topology = new rooms.Topology(this.manager, wanted)
    for (const [bridge, port] of sides) {
      this.topology.addBridge(bridge, { ageing: 300_000 })
      this.topology.addPort(port, { bridge, up: true, mtu: 1500, offloads: ALL_OFFLOADS })
    }
    this.#interface('lan', GATEWAY, ['10.0.0.1/16'], false)
    const externals = translated ? this.#externals() : []
    this.#interface('wan', UPLINK, ['203.0.113.2/24', ...externals.map((one) => `${one}/24`)], true)
    const { router, translation } = this.topology
    router.setRoutes([{ to: '0.0.0.0/0', via: '203.0.113.1' }])
    router.setNeighbors(everybody())
    if (translated) {
      const leaving = { from: { bridge: 'lan' }, uplink: 'wan', ports: 'random' }
      translation.set([{ type: 'masquerade', ...leaving, source: externals }], [])
    }
    if (rules.length > 0) this.topology.setRules(rules)
    this.commit()
    // It has spoken before: what is for it is not flooded.
    const [macHigh, macLow] = NEXT_HOP
    const nextHop = { bridge: 'wan', port: 'b', macHigh, macLow, static: false }
    this.topology.entries.set(nextHop, 0)
  }

  /** As many external addresses as a table of this size has room for ports of. */
  #externals() {
    const count = this.manager.exports.mappedSlots(0)
    return Array.from({ length: count }, (_, index) => `203.0.113.${index + 10}`)
  }

  #interface(bridge, mac, addresses, uplink) {
    const settings = { mac: macText(mac), addresses, mtu: 1500, advertise: false, uplink }
    this.topology.router.setInterface({ bridge }, settings)
  }

  /** Writes all that was changed; between bursts nobody is in the way. */
  commit() {
    this.forwarder.quiesce()
    if (!this.topology.flush()) throw new HouseError('bench: a change of config was not taken')
  }

  /** Flows that there are. */
  get flowCount() {
    return this.manager.exports.flowCount(0)
  }

  /** Ends all flows. */
  forget() {
    this.forwarder.quiesce()
    this.topology.flows.purgePort(0)
    if (this.flowCount !== 0) throw new HouseError(`bench: ${this.flowCount} flows were not ended`)
  }
}
