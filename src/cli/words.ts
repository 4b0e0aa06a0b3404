/** What the commands have in common: options of many, and values from words. */
import { type Command, InvalidArgumentError } from 'commander'
import { parseDuration } from '../config/duration.js'

/** Commands that talk to a running switch, or are one. */
export function targeted(command: Command): Command {
  return command
    .option('--name <name>', 'the switch of that name')
    .option('--socket <path>', 'its control socket (or LINKSPAN_SOCKET)')
}

/** That nobody reads any more, as after `| head`, is an end and no failure. */
export function endWithReader(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    process.exit()
  })
}

export function wholeNumber(text: string): number {
  if (/^\d+$/.test(text)) return Number(text)
  throw new InvalidArgumentError('Expected a whole number.')
}

/** A VLAN ID, 1 to 4094. */
export function vlanNumber(text: string): number {
  const vlan = wholeNumber(text)
  if (vlan >= 1 && vlan <= 4094) return vlan
  throw new InvalidArgumentError('Expected a VLAN ID from 1 to 4094.')
}

/** VLANs as in `10,20-29`, or `all`, in the form of the config. */
export function vlanList(text: string): 'all' | (number | string)[] {
  if (text === 'all') return text
  const parts = text === '' || text === 'none' ? [] : text.split(',')
  if (parts.every((part) => /^\d+(-\d+)?$/.test(part))) {
    return parts.map((part) => (part.includes('-') ? part : Number(part)))
  }
  throw new InvalidArgumentError('Expected VLAN IDs and ranges such as 10,20-29, or all, or none.')
}

/** `on` or `off`, as `bridge link set` has it. */
export function onOff(text: string): boolean {
  if (text === 'on' || text === 'off') return text === 'on'
  throw new InvalidArgumentError('Expected "on" or "off".')
}

/** Milliseconds of a duration such as `60s`. */
export function duration(text: string): number {
  try {
    return parseDuration(text)
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message)
  }
}
