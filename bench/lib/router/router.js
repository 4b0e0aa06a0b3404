// The real dataplane as a router: a bridge with hosts on port 0, an uplink on port 1 with another router
// behind it, which all that is outside is reached by. All neighbours are known.
import { HouseError } from '../../../scripts/lib/house.js'
import { dataplane } from '../pipeline/dataplane.js'
import { capacities, Runner } from '../pipeline/runner.js'
import { GATEWAY, HOSTS, macOfHost, macText, NEXT_HOP, side4, side6, UPLINK } from './hosts.js'

const SEED = [0x12345678, 0x9abcdef0]
/** What the default of a config is. */
const NEIGHBORS = 4096
const ALL_OFFLOADS = 31

const sides = [
  ['lan', 'a'],
  ['wan', 'b'],
]

/** All hosts, and the router outside. */
function everybody({ host, text, nextHop }) {
  const hosts = Array.from({ length: HOSTS }, (_, number) => {
    return { bridge: 'lan', address: text(host(number)), mac: macText(macOfHost(number)) }
  })
  return [...hosts, { bridge: 'wan', address: nextHop, mac: macText(NEXT_HOP) }]
}

/** What a router's memory is sized for. */
export const routerCapacities = ({ flows, flows6 = 0, rules = 0, workers = 1 }) => ({
  ...capacities(65_536, workers),
  ...{ routes: 1024, neighbors: NEIGHBORS, flows, flows6, rules },
})

/**
 * @typedef {object} RouterOptions
 * @property {number} flows that there is room for
 * @property {boolean} [wide] they are of IPv6, else of IPv4
 * @property {boolean} translated what leaves by the uplink has an address of the uplink's; otherwise it
 *   leaves as it came
 * @property {import('../../../src/dataplane/filter.js').FilterRule[]} [rules]
 * @property {number} [workers] that there is room for; one if left out
 */
export class BenchRouter extends Runner {
  /** @param {RouterOptions} options */
  static async create(options) {
    const rooms = await dataplane()
    const module = await rooms.sharedModule()
    const { flows, workers, wide = false, rules = [] } = options
    const room = wide ? { flows: 0, flows6: flows } : { flows }
    const wanted = routerCapacities({ ...room, rules: rules.length, workers })
    const memory = rooms.createMemory(module, 'shared', wanted, SEED)
    return new BenchRouter(rooms, { module, memory }, wanted, options)
  }

  constructor(rooms, attachment, wanted, { translated, wide = false, rules = [] }) {
    super(rooms, attachment, wanted.workers)
    this.wide = Number(wide)
    this.topology = new rooms.Topology(this.manager, wanted)
    for (const [bridge, port] of sides) {
      this.topology.addBridge(bridge, { ageing: 300_000 })
      this.topology.addPort(port, { bridge, up: true, mtu: 1500, offloads: ALL_OFFLOADS })
    }
    const side = wide ? side6 : side4
    this.#interface('lan', GATEWAY, [side.gateway], false)
    const externals = translated ? this.#externals(side) : []
    const length = side.uplink.split('/')[1]
    const addresses = [side.uplink, ...externals.map((one) => `${one}/${length}`)]
    this.#interface('wan', UPLINK, addresses, true)
    const { router, translation } = this.topology
    router.setRoutes([{ to: side.all, via: side.nextHop }])
    router.setNeighbors(everybody(side))
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
  #externals({ external }) {
    const count = this.manager.exports.mappedSlots(this.wide)
    return Array.from({ length: count }, (_, index) => external(index))
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
    return this.manager.exports.flowCount(this.wide)
  }

  /** Ends all flows. */
  forget() {
    this.forwarder.quiesce()
    this.topology.flows.purgePort(0)
    if (this.flowCount !== 0) throw new HouseError(`bench: ${this.flowCount} flows were not ended`)
  }
}
