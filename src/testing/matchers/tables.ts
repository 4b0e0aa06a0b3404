/** `toHaveFlow` and `toHaveLearned`: what is in a switch's tables now. */
import { formatAddress, formatMac, parseAddress, parseMac } from '../../config/address.js'
import { describe, oneOf } from '../../config/describe.js'
import { field } from '../../config/plain.js'
import { flowStates } from '../../dataplane/abi.js'
import type { FdbEntry } from '../../dataplane/fdb.js'
import type { FlowView } from '../../dataplane/flows.js'
import { InvalidError } from '../../error.js'
import type { HasAddresses } from '../host/target.js'
import { checkPort } from './frames.js'
import { type MatcherResult, someOf } from './result.js'
import { type NamedSwitch, type Switches, subjectText, switchesOf } from './subject.js'
import {
  amountText,
  type Counted,
  callText,
  checkKeys,
  countText,
  hostName,
  isEnough,
} from './what.js'

/** A tracked connection, by the direction in which it began. */
export interface FlowMatch extends Counted {
  /** Who began it: a host, or an address. */
  from?: HasAddresses | string
  /** Whom it was begun to, or who answers where NAT sends it elsewhere. */
  to?: HasAddresses | string
  /** `tcp`, `udp`, `icmp`, `icmpv6`, or a number as text. */
  protocol?: string
  /** The destination port, or that at which it is answered. */
  port?: number
  sourcePort?: number
  /** Such as `established`. */
  state?: string
  /** `source` or `destination` is translated. */
  nat?: 'source' | 'destination'
}

/** An entry of the FDB. */
export interface LearnedMatch extends Counted {
  /** Whose MAC it is. */
  host?: HasAddresses | string
  mac?: string
  port?: string
  bridge?: string
  vlan?: number
}

const FLOW_KEYS = ['from', 'to', 'protocol', 'port', 'sourcePort', 'state', 'nat', 'times']
const LEARNED_KEYS = ['host', 'mac', 'port', 'bridge', 'vlan', 'times']

const WORDS: Readonly<Record<string, RegExp | readonly string[]>> = {
  protocol: /^(tcp|udp|icmp|icmpv6|\d{1,3})$/,
  state: flowStates.slice(1),
  nat: ['source', 'destination'],
}

/** Who misspells a word would look for nothing. */
function checkWord(
  what: object,
  key: string,
  known: RegExp | readonly string[],
  matcher: string,
): void {
  const word = field(what, key)
  if (word === undefined) return
  const isKnown = known instanceof RegExp ? known.test(String(word)) : known.includes(String(word))
  const words = known instanceof RegExp ? ['tcp', 'udp', 'icmp', 'icmpv6', '132'] : known
  if (!isKnown) throw new InvalidError(`${matcher}: ${key}: ${describe(word)}`, oneOf(words))
}

export function toHaveFlow(subject: unknown, what: FlowMatch = {}): MatcherResult {
  const name = 'toHaveFlow'
  const of = switchesOf(subject, name)
  checkKeys(what, FLOW_KEYS, name)
  checkPort(what.port, 'port', name)
  checkPort(what.sourcePort, 'sourcePort', name)
  for (const [key, known] of Object.entries(WORDS)) checkWord(what, key, known, name)
  const [from, to] = [addressesOf(what.from, of, name), addressesOf(what.to, of, name)]
  const { protocol, port, sourcePort, state, nat } = what
  const isMeant = ({ original, reply, ...flow }: FlowView) =>
    (protocol ?? flow.protocol) === flow.protocol &&
    (state ?? flow.state) === flow.state &&
    (nat === undefined || flow.nat.includes(nat)) &&
    (from === undefined || from.includes(original.source)) &&
    (to === undefined || to.includes(original.destination) || to.includes(reply.source)) &&
    (port === undefined || [original.destinationPort, reply.sourcePort].includes(port)) &&
    (sourcePort ?? original.sourcePort) === original.sourcePort
  const rows = rowsOf(of, ({ production }) => [...production.flows.list()], flowText, isMeant)
  return tableResult(callText(name, subjectText(subject), what), 'flow', what, rows)
}

export function toHaveLearned(subject: unknown, what: LearnedMatch = {}): MatcherResult {
  const name = 'toHaveLearned'
  const of = switchesOf(subject, name)
  checkKeys(what, LEARNED_KEYS, name)
  const { port, bridge, vlan } = what
  const own = what.host === undefined ? undefined : macOf(what.host, of, name)
  const mac = what.mac === undefined ? undefined : formatMac(parseMac(what.mac))
  const isMeant = (entry: FdbEntry) =>
    (own ?? entry.mac) === entry.mac &&
    (mac ?? entry.mac) === entry.mac &&
    (port ?? entry.port) === entry.port &&
    (bridge ?? entry.bridge) === entry.bridge &&
    (vlan ?? entry.vlan) === entry.vlan
  const rows = rowsOf(of, ({ production }) => production.fdb.list(), entryText, isMeant)
  return tableResult(callText(name, subjectText(subject), what), 'entry', what, rows)
}

interface Row {
  readonly text: string
  readonly isMeant: boolean
}

function rowsOf<Each>(
  { list }: Switches,
  read: (of: NamedSwitch) => readonly Each[],
  tell: (one: Each) => string,
  isMeant: (one: Each) => boolean,
): Row[] {
  const where = ({ name }: NamedSwitch) => (list.length > 1 ? `${name}: ` : '')
  return list.flatMap((of) =>
    read(of).map((one) => ({ text: `${where(of)}${tell(one)}`, isMeant: isMeant(one) })),
  )
}

function tableResult(
  head: string,
  thing: string,
  what: Counted,
  rows: readonly Row[],
): MatcherResult {
  const found = rows.filter(({ isMeant }) => isMeant)
  const pass = isEnough(found.length, what)
  const message = () => {
    const not = what.times === undefined ? `no ${thing}` : `any number but ${what.times}`
    const expected = pass ? not : countText(what, thing)
    const shown = found.length > 0 ? found : rows
    const title = found.length > 0 ? 'like that:' : 'there:'
    const list =
      shown.length === 0
        ? 'the table is empty'
        : someOf(
            shown.map(({ text }) => text),
            '\n',
            12,
          )
    const count = amountText(found.length, thing)
    return `${head}\n\nexpected ${expected} like that; found ${count}; ${title}\n\n${list}`
  }
  return { pass, message }
}

const end = (address: string, port: number) =>
  address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`

function flowText({ protocol, state, original, reply, nat }: FlowView): string {
  const ends = `${end(original.source, original.sourcePort)} > ${end(original.destination, original.destinationPort)}`
  const back = `${end(reply.source, reply.sourcePort)} > ${end(reply.destination, reply.destinationPort)}`
  return `${protocol} ${ends}, ${state}${nat.length > 0 ? `, answered ${back}` : ''}`
}

function entryText({ bridge, vlan, mac, port, vtep }: FdbEntry): string {
  return `${mac} at ${port ?? vtep} of bridge ${bridge}${vlan === null ? '' : `, VLAN ${vlan}`}`
}

const IS_ADDRESS = /^[\d.]+$|:/

/** The addresses of a host, or the one that was given. */
function addressesOf(
  who: HasAddresses | string | undefined,
  { view }: Switches,
  matcher: string,
): readonly string[] | undefined {
  if (who === undefined) return undefined
  if (typeof who === 'string' && (IS_ADDRESS.test(who) || view === undefined)) {
    return [formatAddress(parseAddress(who).bytes)]
  }
  if (view === undefined) return (who as HasAddresses).addresses
  return view.hosts.get(hostName(who, view, matcher) as string)?.addresses
}

function macOf(who: HasAddresses | string, { view }: Switches, matcher: string): string {
  if (view === undefined) {
    throw new InvalidError(`${matcher}: host: ${describe(who)}`, '"mac": a switch knows no hosts')
  }
  return view.hosts.get(hostName(who, view, matcher) as string)?.mac ?? ''
}
