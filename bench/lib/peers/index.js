// The switches that are measured side by side. Each is started when a figure first asks for it, in a
// lab of its own, and runs, idle while others are measured, to the end of the bench.
import { howToGet } from '../../../scripts/lib/commands.js'
import { HouseError } from '../../../scripts/lib/house.js'
import { Lab } from '../lab.js'
import { OverlayLab } from '../overlay-lab.js'
import * as bridge from './bridge.js'
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

const switches = [linkspan, relay, vde, ovs, bridge]
const routers = [routed, translated, nft]
const overlays = [vxlan, vxlanRelay, vxlanKernel, n2n]
const peers = [...switches, ...routers, ...overlays]

/** What peers are made of. */
export const peerCommands = peers.flatMap(({ commands }) => commands)

export class Peers {
  #context
  #started = new Map()

  /**
   * @param {object} context
   * @param {string} context.folder for sockets and configs
   * @param {import('../cleanup.js').Cleanup} context.cleanup
   * @param {AbortSignal} context.signal
   * @param {string[]} context.missing commands that this machine does not have
   * @param {string} [context.tag] what tells these from others that run beside them, in names
   * @param {number} [context.idlePorts] ports that a switch has beside the two that are measured
   */
  constructor(context) {
    this.#context = context
  }

  /**
   * A peer that forwards between the sides of its lab.
   *
   * @param {'linkspan' | 'relay' | 'vde' | 'ovs' | 'bridge' | 'routed' | 'nat' | 'nft' |
   *   'vxlan' | 'vxlan-relay' | 'vxlan-kernel' | 'n2n'} name
   * @returns {Promise<{name: string, label: string, lab: Lab, pids: number[],
   *   forget?: (lab: Lab) => Promise<unknown>}>} `pids`: its processes, of which the kernel has none;
   *   `forget` ends the flows of a router
   * @throws HouseError when it is not installed or does not start
   */
  get(name) {
    const started = this.#started.get(name) ?? this.#start(name)
    this.#started.set(name, started)
    return started
  }

  async #start(name) {
    const { cleanup, signal, missing, tag } = this.#context
    const peer = peers.find((candidate) => candidate.name === name)
    const absent = peer.commands.filter((command) => missing.includes(command))
    if (absent.length > 0) {
      throw new HouseError(`${peer.label}: no ${absent.join(', ')} here${howToGet(absent)}`)
    }
    const own = tag === undefined ? name : `${name}-${tag}`
    const lab = overlays.includes(peer) ? new OverlayLab(own) : new Lab(own, peer.target)
    cleanup.add(() => lab.tearDown())
    await lab.setUp()
    const processes = (await peer.start(lab, { idlePorts: 0, ...this.#context })) ?? []
    await lab.connected({ signal })
    const pids = processes.map(({ child }) => child.pid)
    return { name, label: peer.label, lab, pids, forget: peer.forget }
  }
}
