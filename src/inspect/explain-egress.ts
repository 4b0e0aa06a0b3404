/** What leaves, and by what, in words; and by what it does not. */
import { drops } from '../dataplane/generated/drops.js'
import type { Topology } from '../dataplane/topology.js'
import { dissect } from '../packet/dissect/dissect.js'
import { type LeavingDatagram, packetAt, serviceOf } from './datagram.js'
import { ecnText, listText } from './explain-arrival.js'
import { endText } from './explain-route.js'
import type { Step } from './stages.js'
import { tagOf } from './tag.js'
import { isFlood, type Traced, type TracedOutput, type Way } from './way.js'

const egress = (text: string): Step => ({ stage: 'egress', text })

/** A step a port: what leaves, with another for the headers of a tunnel, or why it does not. */
export function egressSteps(traced: Traced, way: Way): Step[] {
  const sent = new Map<string, TracedOutput[]>()
  for (const output of traced.outputs) sent.set(output.by, [...(sent.get(output.by) ?? []), output])
  const left = [...sent.values()].flatMap((list) => sentSteps(traced, list, way))
  const lost = traced.run.drops
    .filter(({ reason }) => reason.direction === 'tx')
    .map(({ port, reason }) => {
      const name = traced.nameOf(port)
      const size = reason.name === 'over-mtu' ? sizeText(traced, name) : ''
      return egress(`not to ${name} (${reason.name}): ${reason.text}${size}`)
    })
  return [...left, ...lost, ...withheldSteps(traced, way)]
}

function sentSteps(traced: Traced, list: readonly TracedOutput[], way: Way): Step[] {
  const { topology } = traced
  const [first] = list as [TracedOutput]
  const { by, inner, segmentSize, datagram } = first
  const own = way.answers.includes(first) ? ownText(traced, first, way) : ''
  const target = topology.isMirrorTarget(by) ? ', a mirrored copy' : ''
  const tag = tagOf(inner, topology.bridge(topology.port(by).bridge))
  const form = tag === undefined ? '' : `, tagged for VLAN ${tag.vid} with priority ${tag.priority}`
  const large = segmentSize === null ? '' : `, to be segmented at ${segmentSize} octets`
  const count = list.length > 1 ? `${list.length} frames of at most ` : ''
  const cut = list.length > 1 && isSuper(traced) ? ', cut from a super-frame' : ''
  const fits = datagram ? `, ${packetText(inner)} where ${datagram.mtu} fit` : ''
  const text = `to ${by}: ${count}${inner.length} octets${form}${large}${cut}${fits}${target}${own}`
  return [egress(text), ...(datagram ? [tunnelStep(topology, first, datagram, list.length)] : [])]
}

const isSuper = ({ run }: Traced): boolean => (run.passage.entry?.segmentSize ?? 0) > 0

const packetText = (frame: Uint8Array): string => `a packet of ${frame.length - packetAt(frame)}`

const CHOSEN_BY = {
  ports: 'addresses, protocol and ports',
  addresses: 'addresses and protocol',
  macs: 'MACs',
} as const

/** Headers of the first, where it leaves in several datagrams. */
function tunnelStep(
  topology: Topology,
  { port, frame, inner }: TracedOutput,
  datagram: LeavingDatagram,
  datagrams: number,
): Step {
  const { tunnel, vni, source, destination, sourcePort, destinationPort, ttl, dscp, ecn } = datagram
  const { first, count } = datagram.sourcePorts
  const ends = `${endText(source, sourcePort)} > ${endText(destination, destinationPort)}`
  const isCopied = topology.port(tunnel ?? '').tunnel?.dscp === 'copy'
  const isPacket = serviceOf(inner) !== undefined
  const words = [
    `${tunnel}, VNI ${vni}: ${ends}`,
    `source port of ${first}-${first + count - 1} by ${CHOSEN_BY[datagram.chosenBy]}`,
    `DSCP ${dscp}${isCopied ? (isPacket ? ' as inside' : '') : ' as configured'}`,
    `ECN ${ecnText(ecn)}${isPacket ? ' as inside' : ''}`,
    `TTL ${ttl}`,
    datagrams > 1
      ? `${datagrams} datagrams of at most ${frame.length} octets by ${port}`
      : `${frame.length} octets by ${port}`,
  ]
  const isDown = topology.port(port).up ? '' : ', which is down: nothing leaves by it'
  return { stage: 'tunnel', text: `${words.join(', ')}${isDown}` }
}

/** How much too large it is for a tunnel, as far as it was not cut or rewritten before. */
function sizeText({ topology, frame, run }: Traced, name: string): string {
  const { mtu, tunnel } = topology.port(name)
  if (!tunnel || run.passage.outFid !== 0 || (run.passage.entry?.segmentSize ?? 0) > 0) return ''
  return `: ${packetText(frame)} where ${mtu} fit; its sender is not told`
}

/** What is added where a packet is too large for the tunnel to its destination. */
export function tooBigText({ topology, frame, run, nameOf }: Traced): string {
  const { destination, passage } = run
  const name = destination && passage.outFid === 0 ? nameOf(destination.port) : undefined
  const { mtu, tunnel } = name === undefined ? {} : topology.port(name)
  if (!tunnel) return ''
  const size = passage.entry?.segmentSize ? 'segments' : packetText(frame)
  return `: ${size} for ${name}, where ${mtu} fit`
}

/** What is sent back of the switch's own accord is no delivery of the frame. */
function ownText({ run }: Traced, { inner }: TracedOutput, { waits, gateway }: Way): string {
  if (waits) return ", the router's question"
  if (run.suppressed) return `, the answer in the name of ${speakerOf(inner)}`
  const error = dissect(inner).find(
    ({ fields }) => fields.quoted !== true && fields.mtu !== undefined,
  )
  const said = error ? `: ${error.text.replace(/, checksum.*/, '')}` : ''
  const isRouter = !error || gateway !== undefined
  return isRouter ? `, the router's answer${said}` : `, in the name of ${speakerOf(inner)}${said}`
}

/** Whose address a packet, an ARP reply or an advertisement speaks for. */
function speakerOf(frame: Uint8Array): string {
  const { senderAddress, target, source } = Object.assign(
    {},
    ...dissect(frame)
      .filter(({ layer, fields }) => layer !== 'ethernet' && fields.quoted !== true)
      .map(({ fields }) => fields),
  ) as { senderAddress?: string; target?: string; source?: string }
  return senderAddress ?? target ?? source ?? 'nobody'
}

/** A tunnel that a flood passed over: nothing is counted for it. */
export interface Withheld {
  port: string
  reason: 'split-horizon' | 'isolated'
  text: string
}

/** Tunnels that a flood did not go to, since it came by one or its port is isolated as they are. */
export function withheldOf(traced: Traced, { kind, refused }: Way): Withheld[] {
  const { topology, port, run, outputs, nameOf } = traced
  const { bridge, tunnel: ingress, policy } = topology.port(port)
  const goes = refused === undefined || refused.name === 'no-destination'
  if (!goes || kind !== 'bridged' || !isFlood(traced) || run.suppressed) return []
  if (!ingress && !policy?.isolated) return []
  const reason = ingress ? 'split-horizon' : 'isolated'
  const { text = '' } = drops.find(({ name }) => name === reason) ?? {}
  const told = new Set([
    ...outputs.map(({ by }) => by),
    ...run.drops.map((one) => nameOf(one.port)),
  ])
  const others = [...topology.ports].filter(([name, other]) => {
    const isMeant = other.tunnel && (ingress || other.policy?.isolated)
    return isMeant && other.bridge === bridge && name !== port && !told.has(name)
  })
  return others.map(([name]) => ({ port: name, reason, text }))
}

function withheldSteps(traced: Traced, way: Way): Step[] {
  const withheld = withheldOf(traced, way)
  const [first] = withheld
  if (!first) return []
  const names = listText(withheld.map(({ port }) => port))
  return [egress(`not to ${names} (${first.reason}): ${first.text}`)]
}
