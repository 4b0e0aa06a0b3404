/** TCP as tcpdump prints it: flags, sequence numbers from the connection's first, options. */
import type { Layer } from '../dissect/layer.js'
import { isBroken, listOf, numberOf } from './fields.js'

const LETTERS: Readonly<Record<string, string>> = {
  FIN: 'F',
  SYN: 'S',
  RST: 'R',
  PSH: 'P',
  ACK: '.',
  URG: 'U',
  ECE: 'E',
  CWR: 'W',
  AE: 'e',
}

/** The first numbers of a connection: those of who was seen first, and of the other. */
interface First {
  readonly from: string
  sequence: number
  acknowledgement: number
}

/** Connections that are printed: their numbers are told from the first. */
export class Sequences {
  readonly #first = new Map<string, First>()

  /** What is to be taken off a segment's own number and the other's; 0 of who begins a connection. */
  of(segment: Layer, ends: readonly [source: string, destination: string]): [number, number] {
    const flags = listOf(segment, 'flags')
    if (!flags.includes('ACK')) return [0, 0]
    const from = `${ends[0]}.${numberOf(segment, 'sourcePort')}`
    const key = [from, `${ends[1]}.${numberOf(segment, 'destinationPort')}`].sort().join(' ')
    const known = this.#first.get(key)
    if (known === undefined || flags.includes('SYN')) {
      this.#begin(key, known?.from ?? from, segment, from)
      return [0, 0]
    }
    const { sequence, acknowledgement } = known
    return known.from === from ? [sequence, acknowledgement] : [acknowledgement, sequence]
  }

  #begin(key: string, first: string, segment: Layer, from: string): void {
    const own = numberOf(segment, 'sequence')
    const other = (numberOf(segment, 'acknowledgement') - 1) >>> 0
    const isFirst = first === from
    const sequence = isFirst ? own : other
    this.#first.set(key, { from: first, sequence, acknowledgement: isFirst ? other : own })
  }
}

/** `Flags [S], seq 1, win 65535, options [mss 1460], length 0`. */
export function tcpText(segment: Layer, [own, other]: readonly [number, number]): string {
  if (isBroken(segment)) return segment.text
  const flags = listOf(segment, 'flags')
  const letters = flags.map((flag) => LETTERS[flag] ?? '').join('')
  const length = numberOf(segment, 'payloadLength')
  const has = (flag: string) => flags.includes(flag)
  const options = listOf(segment, 'options').map((option) => optionText(option, other))
  const words = [
    `Flags [${letters || 'none'}]`,
    ...sequenceText(segment, own, length),
    ...(has('ACK') ? [`ack ${less(numberOf(segment, 'acknowledgement'), other)}`] : []),
    `win ${numberOf(segment, 'window')}`,
    ...(has('URG') ? [`urg ${numberOf(segment, 'urgent')}`] : []),
    ...(options.length > 0 ? [`options [${options.join(',')}]`] : []),
    `length ${length}`,
  ]
  return words.join(', ')
}

const less = (number: number, first: number): number => (number - first) >>> 0

function sequenceText(segment: Layer, own: number, length: number): string[] {
  const flags = listOf(segment, 'flags')
  if (length === 0 && !['SYN', 'FIN', 'RST'].some((flag) => flags.includes(flag))) return []
  const start = less(numberOf(segment, 'sequence'), own)
  return [`seq ${start}${length > 0 ? `:${(start + length) >>> 0}` : ''}`]
}

/** The option as dissect/tcp.ts names it, in tcpdump's words. What is selected is the other's. */
function optionText(option: string, other: number): string {
  const [name, ...values] = option.split(' ')
  if (name === 'MSS') return `mss ${values[0]}`
  if (option.startsWith('window scale')) return `wscale ${values[1]}`
  if (option === 'SACK permitted') return 'sackOK'
  if (name === 'timestamp') return `TS val ${values[0]} ecr ${values[2]}`
  if (name !== 'SACK') return option.replace(/^option (\d+)/, 'unknown-$1')
  const blocks = values.map((block) => {
    const [start = 0, end = 0] = block.split('-').map((edge) => less(Number(edge), other))
    return `{${start}:${end}}`
  })
  return `sack ${blocks.length} ${blocks.join('')}`
}
