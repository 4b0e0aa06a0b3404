/** The options of `port add` and `port set` that say what a port does with frames. */
import type { Command } from 'commander'
import { InvalidArgumentError } from 'commander'
import { onOff, vlanList, vlanNumber, wholeNumber } from './words.js'

/** What takes a setting away. Commander has another use for null. */
export const NONE = 'none'
type Value = number | typeof NONE

/** As commander hands them over. */
export interface PolicyOptions {
  access?: number
  tunnel?: number
  tagged?: 'all' | (number | string)[]
  native?: Value
  nativeTagged?: boolean
  admit?: string
  isolated?: boolean
  learning?: boolean
  flood?: boolean | Record<string, boolean>
  locked?: boolean
  sticky?: boolean
  macs?: Value
  broadcast?: Value
  multicast?: Value
  unknownUnicast?: Value
  receive?: object | typeof NONE
  transmit?: object | typeof NONE
  guard?: object | 'auto' | typeof NONE
  mirror?: string
  mirrorFile?: string
  mirrorDirection?: string
}

export function addPolicyOptions(command: Command): Command {
  return command
    .option('--access <vlan>', 'the one VLAN of a port without tags', vlanNumber)
    .option('--tunnel <vlan>', 'QinQ: the outer tag of all that comes in', vlanNumber)
    .option('--tagged <vlans>', 'VLANs of a trunk: 10,20-29, all or none', vlanList)
    .option(
      '--native <vlan>',
      'the VLAN of untagged frames on a trunk, or none',
      orNone(vlanNumber),
    )
    .option('--native-tagged <on|off>', 'whether the native VLAN leaves tagged too', onOff)
    .option('--admit <which>', 'what may come in on a trunk: all, tagged or untagged')
    .option('--isolated <on|off>', 'reach only ports that are not isolated', onOff)
    .option('--learning <on|off>', 'learn the MACs behind it', onOff)
    .option('--flood <kinds>', 'floods that leave by it: on, off, or a list of kinds *', floods)
    .option('--locked <on|off>', 'only MACs with an FDB entry on it may send', onOff)
    .option('--sticky <on|off>', 'MACs learnt on it neither age nor move', onOff)
    .option('--macs <number>', 'most MACs that it may learn, or none', orNone(wholeNumber))
    .option('--broadcast <rate>', 'storm limit, frames/s, or none', orNone(wholeNumber))
    .option('--multicast <rate>', 'storm limit, frames/s, or none', orNone(wholeNumber))
    .option('--unknown-unicast <rate>', 'storm limit, frames/s, or none', orNone(wholeNumber))
    .option('--receive <police>', 'policing into the switch, or none **', orNone(police))
    .option('--transmit <police>', 'policing out of the switch, or none **', orNone(police))
    .option('--guard <who>', 'auto, none, or MACs and addresses: 02:55:00:00:00:02,10.0.0.2', guard)
    .option('--mirror <port>', 'copy its frames to that port, or none', orNone(String))
    .option('--mirror-file <file>', 'copy its frames to a pcapng file')
    .option('--mirror-direction <which>', 'receive (into the switch), transmit or both')
}

export const POLICY_HELP = `
*  Kinds of floods: unknownUnicast, multicast, broadcast. Those not listed do not leave.
** bits=100M,frames=50000,burst=256KiB: bits/s, frames/s or both; 100M alone means bits=100M.
`

/** The part of a port's config that the options say. */
export function policyOf(options: PolicyOptions): Record<string, unknown> {
  const { isolated, learning, flood, locked, sticky, receive, transmit, guard } = options
  const { macs, broadcast, multicast, unknownUnicast } = options
  const limits = said({ macs, broadcast, multicast, unknownUnicast, receive, transmit })
  const flags = said({ isolated, learning, flood, locked, sticky, guard })
  return { ...flags, ...section({ vlan: vlanOf(options), limits }), ...mirrorOf(options) }
}

function vlanOf({ access, tunnel, tagged, native, nativeTagged, admit }: PolicyOptions) {
  const one = tunnel === undefined ? { access } : { access: tunnel, tunnel: true }
  return said({ ...one, tagged, native, nativeTagged, admit })
}

export function mirrorOf(options: PolicyOptions): Record<string, unknown> {
  const { mirror, mirrorFile: file, mirrorDirection: direction } = options
  if (mirror === NONE) return { mirror: null }
  return section({ mirror: said({ port: mirror, file, direction }) })
}

/** Without what was not said; null for `none`, which takes the default. */
export function said(of: Record<string, unknown>): Record<string, unknown> {
  const given = Object.entries(of).filter(([, value]) => value !== undefined)
  return Object.fromEntries(given.map(([key, value]) => [key, value === NONE ? null : value]))
}

function section(of: Record<string, object>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(of).filter(([, value]) => Object.keys(value).length > 0))
}

export function orNone<T>(read: (text: string) => T): (text: string) => T | typeof NONE {
  return (text) => (text === NONE ? NONE : read(text))
}

const KINDS = ['unknownUnicast', 'multicast', 'broadcast']

function floods(text: string): boolean | Record<string, boolean> {
  if (text === 'on' || text === 'off') return text === 'on'
  const list = text.split(',')
  if (list.every((kind) => KINDS.includes(kind))) {
    return Object.fromEntries(KINDS.map((kind) => [kind, list.includes(kind)]))
  }
  throw new InvalidArgumentError(`Expected on, off, or some of ${KINDS.join(',')}.`)
}

function police(text: string): object {
  const parts = text.split(',').map((part) => (part.includes('=') ? part : `bits=${part}`))
  const pairs = parts.map((part) => part.split('=') as [string, string])
  if (!pairs.every(([key]) => ['bits', 'frames', 'burst'].includes(key))) {
    throw new InvalidArgumentError('Expected bits=…, frames=…, burst=… joined by commas.')
  }
  const values = pairs.map(([key, value]) => [key, key === 'frames' ? Number(value) : value])
  return Object.fromEntries(values)
}

function guard(text: string): object | 'auto' | typeof NONE {
  if (text === NONE || text === 'auto') return text
  const list = text.split(',')
  const isMac = (word: string) => /^([0-9a-f]{2}[:-]){5}[0-9a-f]{2}$/i.test(word)
  const [macs, addresses] = [list.filter(isMac), list.filter((word) => !isMac(word))]
  return { ...(macs.length > 0 && { macs }), ...(addresses.length > 0 && { addresses }) }
}
