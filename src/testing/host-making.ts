/** What a planned host is made of: its stack, its link, and the port of the switch that it is on. */
import { parseMac } from '../config/address.js'
import { mtuOn } from '../config/overlay-mtu.js'
import type { Bridge as BridgeConfig } from '../config/types.js'
import { Addressing } from './addressing.js'
import type { Bridge } from './bridge.js'
import type { Timeline } from './clock/timeline.js'
import { Host, type HostLab } from './host/host.js'
import { Stack } from './host/stack.js'
import type { HostOptions, HostPlan } from './host-options.js'
import { Link } from './link/link.js'
import type { Sink } from './link/way.js'
import { Random } from './random.js'

/** @throws LinkspanError, ConfigError; then neither bridge nor switch know of it */
export function makeHost(
  name: string,
  bridge: Bridge,
  plan: HostPlan,
  options: HostOptions,
  { clock, seed, lab }: { clock: Timeline; seed: string; lab: HostLab },
): { host: Host; stack: Stack } {
  const stack = new Stack({
    name,
    clock,
    random: new Random(`${seed} host ${name}`),
    mac: parseMac(plan.mac),
    mtu: mtuOf(bridge),
    slaac: options.slaac ?? false,
    transmit: (frame) => link.send(frame),
  })
  const receive: Sink = (frame) => stack.receive(frame)
  const link: Link = new Link(name, seed, clock, receive, (frame) => send(frame))
  if (options.link !== undefined) link.set(options.link)
  const send: Sink = bridge.on.plugs.add(
    name,
    { ...options.port, bridge: bridge.name },
    link.receive,
  )
  bridge.take(`host "${name}"`, plan.mac, plan.claim)
  const addressing = new Addressing(`host "${name}"`, bridge, stack)
  addressing.begin(plan.claim.prefixes, plan.gateways)
  stack.nd.begin()
  return { host: new Host(name, link, stack, lab, addressing), stack }
}

/** What a device that Linkspan makes on the bridge has. */
function mtuOf({ name, on }: Bridge): number {
  const { bridges, underlay } = on.production.config
  return mtuOn(bridges[name] as BridgeConfig, underlay) ?? 1500
}
