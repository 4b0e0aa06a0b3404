/** A dry run in words: every decision that was taken, in the order in which the packet path takes them. */
import { formatMac } from '../config/address.js'
import type { PortPolicy, VlanPolicy } from '../config/types.js'
import type { FdbEntry } from '../dataplane/fdb-records.js'
import type { FilterRule } from '../dataplane/filter.js'
import { arrivalTexts, refusalText } from './explain-arrival.js'
import { egressSteps, tooBigText, type Withheld, withheldOf } from './explain-egress.js'
import { placeOf, routerTexts, toldText } from './explain-route.js'
import { type Point, paths, type Reason, type Step, stageAt, stages } from './stages.js'
import { type Tagging, tagOf } from './tag.js'
import { isFlood, type Traced, type Way, wayOf } from './way.js'

/**
 * `local`: the router itself takes it, or answers; `answered`: a question, answered in the name of a station
 * behind a tunnel; `held`: it waits.
 */
export const VERDICTS = ['forwarded', 'flooded', 'local', 'answered', 'held', 'dropped'] as const
export type Verdict = (typeof VERDICTS)[number]

export interface Explained {
  steps: Step[]
  verdict: Verdict
  /** Whether it came as far as to be of a VLAN. */
  classified: boolean
  withheld: Withheld[]
}

export function explain(traced: Traced): Explained {
  const way = wayOf(traced)
  const path = paths[way.kind]
  const last = way.refused && pointOf(way.refused.name, traced, way)
  const until = last === undefined ? path.length : path.indexOf(last)
  const before = path.slice(0, until).flatMap((point) => stepsAt(point, traced, way))
  return {
    steps: last === undefined ? before : [...before, ...refusal(last, traced, way)],
    verdict: verdictOf(traced, way),
    classified: until > path.indexOf('vlan'),
    withheld: withheldOf(traced, way),
  }
}

function stepsAt(point: Point, traced: Traced, way: Way): Step[] {
  if (point === 'egress') return egressSteps(traced, way)
  return passed(point, traced, way).map((text) => ({ stage: stageAt(point), text }))
}

/** Why it went no further. Mirrors copy what comes in, whatever becomes of it, and senders are told. */
function refusal(at: Point, traced: Traced, way: Way): Step[] {
  const { name, text } = way.refused as NonNullable<Way['refused']>
  const who = name.startsWith('filter-') ? deniedBy(traced, way) : ''
  const more = name === 'needs-fragmentation' ? tooBigText(traced) : refusalText(traced, name)
  const stage = stageAt(at)
  return [
    // Of a datagram of which nothing came out, what its headers are is said all the same.
    ...(stage === 'tunnel' ? stepsAt('tunnel', traced, way) : []),
    { stage, text: `dropped (${name})${who}: ${text}${more}${toldText(way)}` },
    ...egressSteps(traced, way),
  ]
}

function verdictOf(traced: Traced, { kind, refused, waits, answers }: Way): Verdict {
  const { outputs, topology, run } = traced
  if (waits) return 'held'
  if (run.suppressed) return 'answered'
  // Whoever asked for the gateway was answered, though there is nobody else to ask.
  const alone = refused?.name === 'no-destination' && answers.length > 0
  if (alone || (!refused && kind !== 'bridged' && run.passage.outFid === 0)) return 'local'
  const leaves = outputs.some((output) => {
    return !topology.isMirrorTarget(output.by) && !answers.includes(output)
  })
  if (!leaves) return 'dropped'
  return kind === 'bridged' && isFlood(traced) ? 'flooded' : 'forwarded'
}

/** Where a frame was dropped. */
function pointOf(reason: Reason, traced: Traced, { kind, gateway, packet }: Way): Point {
  const { frame, arrival } = traced
  const { outFid } = traced.run.passage
  switch (reason) {
    case 'short-frame':
    case 'long-frame':
      return arrival ? 'tunnel' : 'door'
    case 'gateway-spoofed':
      return macAt(frame, 6) === gateway ? 'source' : 'neighbor'
    case 'ip-header':
    case 'fragment-invalid':
    case 'checksum-zero':
      return kind === 'bridged' ? 'filter' : 'router'
    case 'not-for-router':
      return packet ? 'route' : 'router'
    case 'flow-limit':
    case 'flow-table-full':
      return 'begin'
    case 'flow-invalid':
    case 'fragment-limit':
      return outFid === 0 ? 'flow' : 'begin'
    case 'nat-exhausted':
      return 'leave'
    default: {
      const stage = stages[reason]
      // A path has the stage of each reason that it knows; what it does not know came in by no frame.
      return paths[kind].includes(stage) ? stage : 'egress'
    }
  }
}

/** What a stage that let the frame through has to say; nothing where it is not configured. */
function passed(point: Point, traced: Traced, way: Way): string[] {
  const { topology, port } = traced
  const state = topology.port(port)
  const policy: Partial<PortPolicy> = state.policy ?? {}
  switch (point) {
    case 'door':
      return [doorText(traced)]
    case 'tunnel':
      return arrivalTexts(traced)
    case 'policing':
      return policy.limits?.receive ? ['within what the port may send'] : []
    case 'vlan':
      return vlanText(traced, topology.bridge(state.bridge), policy.vlan)
    case 'guard':
      return policy.guard ? ['its source addresses are bound to the port'] : []
    case 'source':
      return [sourceText(traced, policy)]
    case 'destination':
      return [destinationText(traced)]
    case 'filter':
      return filterText(traced, way)
    case 'answer':
      return answerTexts(traced)
    case 'storm':
      return isFlood(traced) && !traced.run.suppressed && hasStorm(policy)
        ? ["within the port's limit of floods"]
        : []
    default:
      return routerTexts(point, traced, way)
  }
}

function doorText({ arrival, frame, port, topology }: Traced): string {
  if (arrival) return `${arrival.frame.length} octets into port ${arrival.socket}`
  return `${frame.length} octets into port ${port} of bridge ${topology.port(port).bridge}`
}

function hasStorm({ limits }: Partial<PortPolicy>): boolean {
  const { broadcast, multicast, unknownUnicast } = limits ?? {}
  return (broadcast ?? multicast ?? unknownUnicast) !== undefined
}

/** A question for a station behind a tunnel. */
function answerTexts({ run, nameOf }: Traced): string[] {
  const { suppressed } = run
  if (!suppressed) return []
  const mac = formatMac([suppressed.macHigh, suppressed.macLow])
  return [`whom it asks for is ${mac} behind ${nameOf(suppressed.port)}: answered here`]
}

function vlanText({ topology, run, frame }: Traced, bridge: Tagging, vlan?: VlanPolicy): string[] {
  if (!bridge.vlanAware) return []
  const name = topology.domainName(run.fid)
  const tag = tagOf(frame, bridge)
  const how =
    vlan?.mode === 'tunnel'
      ? 'whatever comes in by a tunnel port is of'
      : tag === undefined
        ? 'untagged, so of the native'
        : tag.vid === 0
          ? `tagged for priority ${tag.priority} only, so of the native`
          : `tagged with priority ${tag.priority}, and the port is a member of`
  return [`${how} VLAN ${name?.vlan ?? '?'}`]
}

const macAt = (frame: Uint8Array, at: number): string => formatMac(frame.subarray(at, at + 6))

function sourceText({ frame, run, port, nameOf }: Traced, policy: Partial<PortPolicy>): string {
  const mac = macAt(frame, 6)
  const { before } = run.source
  if (policy.locked) return `${mac} has an entry on this port, which is locked`
  if (policy.learning === false) return `${mac} is not learnt: the port does not learn`
  if (run.moved) return `${mac} moves here from port ${nameOf(before?.port ?? -1)}`
  if (run.unlearned) return `${mac} is not learnt: the FDB is full of what others may keep`
  if (run.learned) return `${mac} is new: learnt on port ${port}`
  if (before?.static && nameOf(before.port) !== port) {
    return `${mac} is a static entry of port ${nameOf(before.port)}, which stays`
  }
  return `${mac} is known on port ${port}, ${ageText(before)}`
}

function ageText(entry: FdbEntry | undefined): string {
  if (entry?.static) return 'a static entry'
  if (entry?.sticky) return 'sticky'
  if (entry?.external) return 'told by a directory'
  return `seen ${((entry?.age ?? 0) / 1000).toFixed(1)} s ago`
}

function destinationText({ frame, run, nameOf }: Traced): string {
  const mac = macAt(frame, 0)
  const { destination, suppressed } = run
  const flooded = suppressed ? 'to be flooded' : 'flooded'
  if (mac === 'ff:ff:ff:ff:ff:ff') return `broadcast: ${flooded}`
  if (((frame[0] ?? 0) & 1) === 1) return `${mac} is a group: ${flooded}`
  if (destination === undefined) return `${mac} is not in the FDB: ${flooded}`
  return `${mac} is in the FDB on port ${nameOf(destination.port)}, ${ageText(destination)}`
}

/** The rule that decided, if one did. */
function ruleOf({ topology, run }: Traced): FilterRule | undefined {
  const name = [...topology.filter.slots].find(([, slot]) => slot === run.rule)?.[0]
  return topology.filter.rules.find((rule) => rule.name === name)
}

function filterText(traced: Traced, { kind }: Way): string[] {
  const rule = ruleOf(traced)
  if (rule) return [`rule "${rule.name}" allows it`]
  const { topology, port, run } = traced
  const { flow, outFid } = run.passage
  const places = kind === 'routed' ? [run.fid, outFid] : [run.fid]
  const closed = places.filter((fid) => isClosed(traced, fid))
  const { bridge } = topology.port(port)
  const rules =
    kind === 'routed' ? topology.filter.rules.length > 0 : topology.filter.concerns(bridge)
  if ((kind === 'routed' && outFid === 0) || (!rules && closed.length === 0)) return []
  if (flow && !flow.isNew) return ['no rule denies it: its flow was let through']
  if (closed.length > 0 && kind === 'routed')
    return ['no rule takes it: what is published is let in']
  if (closed.length > 0) return ['not asked: it finds neighbours, or is no IP packet']
  const names = [...new Set(places)].map((fid) => placeOf(traced, fid))
  const policies =
    names.length > 1 ? `policies of ${names.join(' and ')} are` : `policy of ${names[0]} is`
  return [`no rule takes it, and the ${policies} allow`]
}

function isClosed({ topology }: Traced, fid: number): boolean {
  const bridge = topology.bridgeName(fid)
  return bridge !== undefined && topology.bridges.get(bridge)?.policy === 'deny'
}

function deniedBy(traced: Traced, { kind }: Way): string {
  const rule = ruleOf(traced)
  if (rule) return ` by rule "${rule.name}"`
  const { fid, passage } = traced.run
  const places = kind === 'routed' ? [fid, passage.outFid] : [fid]
  const closed = places.find((place) => isClosed(traced, place)) ?? fid
  return ` by the policy of ${placeOf(traced, closed)}`
}
