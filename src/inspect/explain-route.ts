/** What connection tracking, translation and the router decided, in words. */
import { formatMac, isZeroMac } from '../config/address.js'
import { uplinkOf } from '../config/uplink-port.js'
import { neighborStates } from '../dataplane/abi.js'
import type { FlowTuple } from '../dataplane/flows.js'
import { isNowhere } from '../dataplane/route-lookup.js'
import { sourceRule, translatedBy } from './explain-nat.js'
import type { Point, Reason } from './stages.js'
import type { Packet, Traced, Way } from './way.js'

/** What a stage of the router has to say of a frame that passed it. */
export function routerTexts(point: Point, traced: Traced, way: Way): string[] {
  switch (point) {
    case 'router':
      return [`${way.gateway} is the gateway's MAC: the frame is for the router`]
    case 'flow':
      return flowTexts(traced, way)
    case 'nat':
      return traced.run.passage.flow?.isNew
        ? destinationTexts(traced, way)
        : [...destinationTexts(traced, way), ...sourceTexts(traced, way)]
    case 'leave':
      return traced.run.passage.flow?.isNew ? sourceTexts(traced, way) : []
    case 'route':
      return routeTexts(traced, way)
    case 'neighbor':
      return neighborTexts(way)
    default:
      return []
  }
}

/** Where a broadcast domain is, as people know it. */
export function placeOf({ topology }: Traced, fid: number): string {
  const bridge = topology.bridgeName(fid)
  return bridge === undefined ? 'nowhere' : bridgeText(bridge)
}

export function bridgeText(bridge: string): string {
  const uplink = uplinkOf(bridge)
  return uplink === null ? `bridge ${bridge}` : `uplink ${uplink}`
}

/** `10.55.0.2:80`, `[fd55::2]:80`; without a port where that is 0. */
export function endText(address: string, port: number): string {
  if (port === 0) return address
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
}

/** `tcp 10.55.0.2:40000 > 10.55.0.3:5432`; of an echo with its identifier. */
function tupleText(protocol: string, tuple: FlowTuple): string {
  const { source, sourcePort, destination, destinationPort } = tuple
  if (protocol === 'icmp' || protocol === 'icmpv6') {
    const id = sourcePort === 0 ? '' : `, id ${sourcePort}`
    return `${protocol} ${source} > ${destination}${id}`
  }
  return `${protocol} ${endText(source, sourcePort)} > ${endText(destination, destinationPort)}`
}

function flowTexts({ run }: Traced, { packet, waits, route, kind, refused }: Way): string[] {
  const { flow } = run.passage
  if (!packet) return []
  if (flow) {
    const text = tupleText(flow.view.protocol, flow.view.original)
    if (packet.quotes) return [`related to ${text}, ${flow.view.state}`]
    if (flow.isNew) return [`new: ${text}`]
    return [`${flow.isReply ? 'answers' : 'belongs to'} ${text}, ${flow.view.state}`]
  }
  if (waits === 'fragment') return ['the fragment waits for the first of its packet']
  if (kind === 'bridged') return []
  const isLocal = route?.kind === 'local' && (!refused || refused.name === 'not-for-router')
  if (isLocal) return ['none: what is for the router itself begins no flow']
  if (packet.quotes || packet.isLater) return ['none: it goes as it is']
  return [`new: ${tupleText(packet.protocol, packet)}`]
}

function destinationTexts({ run, topology }: Traced, { packet, onward }: Way): string[] {
  if (!packet || !onward) return []
  const { destination, destinationPort } = packet
  const moved = onward.destination !== destination
  if (!moved && (packet.quotes || onward.destinationPort === destinationPort)) return []
  const was = endText(destination, portOf(packet, destinationPort))
  const is = endText(onward.destination, portOf(packet, onward.destinationPort))
  const { flow } = run.passage
  const rule = translatedBy(topology.translation.nat.rules, packet)?.by
  const by = flow?.isReply ? 'who began the flow' : (rule ?? 'by a mapping')
  return [`destination ${was} becomes ${is}, ${packet.quotes ? 'as that of the flow' : by}`]
}

function sourceTexts({ run, topology }: Traced, { packet, onward }: Way): string[] {
  const { flow, outFid } = run.passage
  if (!packet || !onward || !flow || packet.quotes) return []
  const moved = onward.source !== packet.source || onward.sourcePort !== packet.sourcePort
  if (!moved) return []
  const was = endText(packet.source, portOf(packet, packet.sourcePort))
  const is = endText(onward.source, portOf(packet, onward.sourcePort))
  const asked = { from: run.fid, out: outFid, was: packet.source, is: onward.source }
  const rule = sourceRule(topology.translation.nat.rules, asked)
  const by = flow.isReply ? ', as it was called' : rule === undefined ? '' : `, ${rule}`
  return [`source ${was} becomes ${is}${by}`]
}

/** Where it is no port but an identifier, addresses alone are told. */
const portOf = ({ protocol }: Packet, port: number): number =>
  protocol === 'tcp' || protocol === 'udp' ? port : 0

function routeTexts({ run }: Traced, { route, onward, waits }: Way): string[] {
  if (!onward || (waits === 'fragment' && run.passage.outFid === 0)) return []
  const { destination } = onward
  if (run.passage.outFid === 0) return [`${destination} is the router's own: local`]
  if (!route || isNowhere(route)) return []
  const { to, via, bridge } = route
  const place = bridgeText(bridge ?? '')
  return [via === null ? `${to} is on ${place}` : `${to} via ${via} by ${place}`]
}

function neighborTexts({ nextHop, waits, kind, answers, refused }: Way): string[] {
  if (kind === 'bridged') {
    // There may be nobody else on the bridge to ask.
    const isAnswer = answers.length > 0 && (!refused || refused.name === 'no-destination')
    return isAnswer ? ['asks for the gateway: the router answers'] : []
  }
  if (kind === 'heard') return [answers.length > 0 ? 'the router answers' : 'the router hears it']
  if (!nextHop || refused?.name === 'needs-fragmentation') return []
  const { address, known } = nextHop
  if (waits === 'neighbor') return [`${address} is asked for its MAC: the frame waits`]
  if (!known || isZeroMac(known.mac)) return []
  return [`${address} has ${formatMac(known.mac)}, ${neighborStates[known.state] ?? 'known'}`]
}

/** Drops of which the router tells the sender; the words of others say so themselves. */
const told: ReadonlySet<Reason> = new Set([
  'ttl-exceeded',
  'no-route',
  'not-for-router',
  'nat-exhausted',
])

/** What is added to a drop of which the sender is told. */
export function toldText({ refused, answers }: Way): string {
  const isTold = refused !== undefined && told.has(refused.name) && answers.length > 0
  return isTold ? '; an ICMP error tells its sender' : ''
}
