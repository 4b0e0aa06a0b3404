// The switches that are measured side by side. Each is started when a figure first asks for it, in a
// lab of its own, and runs, idle while others are measured, to the end of the bench.
import { HouseError } from '../../../scripts/lib/house.js'
import { Lab } from '../lab.js'
import { routed, translated } from './gateway.js'
import * as linkspan from './linkspan.js'
import * as nft from './nft.js'
import * as ovs from './ovs.js'
import * as relay from './relay.js'
import * as vde from './vde.js'

const peers = [linkspan, relay, vde, ovs, routed, translated, nft]

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
   * @param {'linkspan' | 'relay' | 'vde' | 'ovs' | 'routed' | 'nat' | 'nft'} name
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
    if (absent.length > 0) throw new HouseError(`${peer.label}: no ${absent.join(', ')} here`)
    const lab = new Lab(name, peer.target)
    cleanup.add(() => lab.tearDown())
    await lab.setUp()
    await peer.start(lab, this.#context)
    await lab.connected({ signal })
    return { name, label: peer.label, lab, forget: peer.forget }
  }
}
