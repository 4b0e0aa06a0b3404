// The switches that are measured side by side. Each is started when a figure first asks for it, in a
// lab of its own, and runs, idle while others are measured, to the end of the bench.
import { HouseError } from '../../../scripts/lib/house.js'
import { packagesFor } from '../../../scripts/setup.js'
import { Lab } from '../lab.js'
import { OverlayLab } from '../overlay-lab.js'
import { routed, translated } from './gateway.js'
import * as linkspan from './linkspan.js'
import * as nft from './nft.js'
import * as vxlanKernel from './overlay/kernel.js'
import * as vxlan from './overlay/linkspan.js'
import * as n2n from './overlay/n2n.js'
import * as vxlanRelay from './overlay/relay.js'
import * as ovs from './ovs.js'
import * as relay from './relay.js'
import * as vde from './vde.js'

const switches = [linkspan, relay, vde, ovs]
const routers = [routed, translated, nft]
const overlays = [vxlan, vxlanRelay, vxlanKernel, n2n]
const peers = [...switches, ...routers, ...overlays]

export class Peers {
  #context
  #started = new Map()

  /**
   * @param {object} context
   * @param {string} context.folder for sockets and configs
   * @param {import('../cleanup.js').Cleanup} context.cleanup
   * @param {AbortSignal} context.signal
   * @param {string[]} context.missing commands that this machine does not have
   */
  constructor(context) {
    this.#context = context
  }

  /**
   * A peer that forwards between the sides of its lab.
   *
   * @param {'linkspan' | 'relay' | 'vde' | 'ovs' | 'routed' | 'nat' | 'nft' | 'vxlan' |
   *   'vxlan-relay' | 'vxlan-kernel' | 'n2n'} name
   * @returns {Promise<{name: string, label: string, lab: Lab,
   *   forget?: (lab: Lab) => Promise<unknown>}>} `forget` ends the flows of a router
   * @throws HouseError when it is not installed or does not start
   */
  get(name) {
    const started = this.#started.get(name) ?? this.#start(name)
    this.#started.set(name, started)
    return started
  }

  async #start(name) {
    const { cleanup, signal, missing } = this.#context
    const peer = peers.find((candidate) => candidate.name === name)
    const absent = peer.commands.filter((command) => missing.includes(command))
    if (absent.length > 0) {
      const packages = packagesFor(absent).join(' ')
      const install = packages && `; on Debian or Ubuntu: apt-get install ${packages}`
      throw new HouseError(`${peer.label}: no ${absent.join(', ')} here${install}`)
    }
    const lab = overlays.includes(peer) ? new OverlayLab(name) : new Lab(name, peer.target)
    cleanup.add(() => lab.tearDown())
    await lab.setUp()
    await peer.start(lab, this.#context)
    await lab.connected({ signal })
    return { name, label: peer.label, lab, forget: peer.forget }
  }
}
