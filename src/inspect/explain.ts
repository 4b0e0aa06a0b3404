/** A dry run in words: every decision that was taken, in the order in which the packet path takes them. */
import { formatMac } from '../config/address.js'
import type { PortPolicy, VlanPolicy } from '../config/types.js'
import type { DryDrop, DryRun } from '../dataplane/dry-run.js'
import type { FilterRule } from '../dataplane/filter.js'
import type { FdbEntry } from '../dataplane/manager.js'
import type { Topology } from '../dataplane/topology.js'
import { type Tagging, tagOf } from './tag.js'

/** A decision: where in the packet path, and what was decided. */
export interface Step {
  stage:
    | 'door'
    | 'vlan'
    | 'guard'
    | 'policing'
    | 'source'
    | 'destination'
    | 'filter'
    | 'storm'
    | 'egress'
  text: string
}

/** What leaves by one port. */
export interface TracedOutput {
  port: string
  frame: Uint8Array
  segmentSize: number | null
}

export interface Traced {
  topology: Topology
  port: string
  frame: Uint8Array
  run: DryRun
  outputs: readonly TracedOutput[]
  nameOf(port: number): string
}

/** The stage that has each drop reason on its way in; what is not named is of the door. */
const stages: { readonly [K in DryDrop['reason']['name']]?: Step['stage'] } = {
  'policed-receive': 'policing',
  'truncated-tag': 'vlan',
  'vlan-reserved': 'vlan',
  'untagged-refused': 'vlan',
  'tagged-refused': 'vlan',
  'vlan-ingress': 'vlan',
  'guard-mac': 'guard',
  'guard-address': 'guard',
  'guard-neighbor': 'guard',
  'source-invalid': 'source',
  locked: 'source',
  'mac-limit': 'source',
  'sticky-violated': 'source',
  'reserved-destination': 'destination',
  'same-port': 'destination',
  'filter-denied': 'filter',
  'filter-rejected': 'filter',
  'ip-header': 'filter',
  'fragment-invalid': 'filter',
  'storm-broadcast': 'storm',
  'storm-multicast': 'storm',
  'storm-unknown-unicast': 'storm',
  'no-destination': 'egress',
  'transmit-list-full': 'egress',
}
const ORDER: readonly Step['stage'][] = [
  'door',
  'vlan',
  'guard',
  'policing',
  'source',
  'destination',
  'filter',
  'storm',
  'egress',
]

export interface Explained {
  steps: Step[]
  verdict: 'forwarded' | 'flooded' | 'dropped'
  /** Whether it came as far as to be of a VLAN. */
  classified: boolean
}

export function explain(traced: Traced): Explained {
  const { nameOf } = traced
  // What is not of the way in is charged to the egress, even where that is the ingress too.
  const refused = traced.run.drops.find(({ port, reason }) => {
    return nameOf(port) === traced.port && reason.direction === 'rx'
  })?.reason
  const last = refused && (stages[refused.name] ?? 'door')
  const until = last === undefined ? ORDER.length : ORDER.indexOf(last)
  const steps = ORDER.slice(0, until).flatMap((stage) =>
    passed(stage, traced).map((text) => ({ stage, text })),
  )
  if (refused && last) {
    const who = refused.name.startsWith('filter-') ? deniedBy(traced) : ''
    steps.push({ stage: last, text: `dropped (${refused.name})${who}: ${refused.text}` })
    // Mirrors copy what comes in, whatever becomes of it.
    for (const text of egressTexts(traced)) steps.push({ stage: 'egress', text })
  }
  const { outputs, topology } = traced
  const leaves = outputs.some(({ port }) => !topology.isMirrorTarget(port))
  const verdict = !leaves ? 'dropped' : isFlood(traced) ? 'flooded' : 'forwarded'
  return { steps, verdict, classified: until > ORDER.indexOf('vlan') }
}

function isFlood({ frame, run }: Traced): boolean {
  return ((frame[0] ?? 0) & 1) === 1 || run.destination === undefined
}

/** What a stage that let the frame through has to say; nothing where it is not configured. */
function passed(stage: Step['stage'], traced: Traced): string[] {
  const { topology, port, frame } = traced
  const state = topology.port(port)
  const policy: Partial<PortPolicy> = state.policy ?? {}
  switch (stage) {
    case 'door':
      return [`${frame.length} octets into port ${port} of bridge ${state.bridge}`]
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
      return filterText(traced)
    case 'storm':
      return isFlood(traced) && policy.limits && hasStorm(policy.limits)
        ? ["within the port's limit of floods"]
        : []
    case 'egress':
      return egressTexts(traced)
  }
}

function hasStorm({ broadcast, multicast, unknownUnicast }: PortPolicy['limits']): boolean {
  return (broadcast ?? multicast ?? unknownUnicast) !== undefined
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
  return `seen ${((entry?.age ?? 0) / 1000).toFixed(1)} s ago`
}

function destinationText({ frame, run, nameOf }: Traced): string {
  const mac = macAt(frame, 0)
  if (mac === 'ff:ff:ff:ff:ff:ff') return 'broadcast: flooded'
  if (((frame[0] ?? 0) & 1) === 1) return `${mac} is a group: flooded`
  const { destination } = run
  if (destination === undefined) return `${mac} is not in the FDB: flooded`
  return `${mac} is in the FDB on port ${nameOf(destination.port)}, ${ageText(destination)}`
}

/** The rule that decided, if one did. */
function ruleOf({ topology, run }: Traced): FilterRule | undefined {
  const name = [...topology.filter.slots].find(([, slot]) => slot === run.rule)?.[0]
  return topology.filter.rules.find((rule) => rule.name === name)
}

function filterText(traced: Traced): string[] {
  const rule = ruleOf(traced)
  if (rule) return [`rule "${rule.name}" allows it`]
  const { topology, port } = traced
  const { bridge } = topology.port(port)
  const asked = topology.filter.concerns(bridge)
  return asked ? [`no rule takes it, and the policy of bridge ${bridge} is allow`] : []
}

function deniedBy(traced: Traced): string {
  const rule = ruleOf(traced)
  const { bridge } = traced.topology.port(traced.port)
  return rule ? ` by rule "${rule.name}"` : ` by the policy of bridge ${bridge}`
}

/** One line a port: what leaves, or why it does not. */
function egressTexts({ outputs, run, topology, nameOf }: Traced): string[] {
  const sent = new Map<string, TracedOutput[]>()
  for (const output of outputs) sent.set(output.port, [...(sent.get(output.port) ?? []), output])
  const left = [...sent].map(([port, list]) => sentText(topology, port, list))
  const lost = run.drops
    .filter(({ reason }) => reason.direction === 'tx')
    .map(({ port, reason }) => `not to ${nameOf(port)} (${reason.name}): ${reason.text}`)
  return [...left, ...lost]
}

function sentText(topology: Topology, port: string, list: TracedOutput[]): string {
  const [{ frame, segmentSize }] = list as [TracedOutput]
  const target = topology.isMirrorTarget(port) ? ', a mirrored copy' : ''
  const tag = tagOf(frame, topology.bridge(topology.port(port).bridge))
  const form = tag === undefined ? '' : `, tagged for VLAN ${tag.vid} with priority ${tag.priority}`
  const large = segmentSize === null ? '' : `, to be segmented at ${segmentSize} octets`
  const count = list.length > 1 ? `${list.length} frames of at most ` : ''
  return `to ${port}: ${count}${frame.length} octets${form}${large}${target}`
}
