// The real dataplane as a switch: ports on a bridge.
import { dataplane } from './dataplane.js'
import { capacities, Runner } from './runner.js'

const SEED = [0x12345678, 0x9abcdef0]

/**
 * @typedef {{name: string, mtu?: number, offloads?: number, up?: boolean,
 *   policy?: import('../../../src/config/types.js').PortPolicy}} PortOptions
 */

export class PipelineSwitch extends Runner {
  /**
   * @param {'shared' | 'single'} build
   * @param {number} macs capacity of the FDB
   * @param {PortOptions[]} ports on one bridge, numbered from 0
   * @param {Partial<import('../../../src/dataplane/topology.js').BridgeSettings>} bridge
   * @param {number} workers that there is room for
   */
  static async create(build, macs, ports, bridge = {}, workers = 1) {
    const rooms = await dataplane()
    const module = await (build === 'shared' ? rooms.sharedModule() : rooms.singleModule())
    const memory = rooms.createMemory(module, build, capacities(macs, workers), SEED)
    return new PipelineSwitch(rooms, { module, memory }, ports, bridge, workers)
  }

  constructor(rooms, attachment, ports, bridge = {}, workers = 1) {
    super(rooms, attachment, workers)
    const topology = new rooms.Topology(this.manager, capacities(0))
    topology.addBridge('lan', { ageing: 300_000, ...bridge })
    for (const { name, mtu = 1500, offloads = 31, up = true, policy } of ports) {
      topology.addPort(name, { bridge: 'lan', up, mtu, offloads, policy })
    }
    topology.flush()
  }
}
