/** A difference in words: what was sent, what each switch did with it, and how to see it again. */
import { dissect } from '../../../src/packet/dissect/dissect.js'
import type { PortLayout } from './layout.js'
import { portName } from './side.js'
import type { Sent } from './stream.js'

export const SEED_VARIABLE = 'DIFFERENTIAL_SEED'

/** Seeds of a run: those given, or the one that the environment names. */
export function seedsOf(...seeds: number[]): number[] {
  const chosen = process.env[SEED_VARIABLE]
  return chosen === undefined ? seeds : [Number(chosen)]
}

export interface Difference {
  seed: number
  layout: readonly PortLayout[]
  batch: readonly Sent[]
  /** Of the switches. */
  names: readonly string[]
  /** Frames in hex, by switch and port. */
  outputs: readonly [string[][], string[][]]
}

/** Differing frames told, at most. */
const TOLD = 6

export function describeDifference({ seed, layout, batch, names, outputs }: Difference): string {
  const [one, other] = outputs
  const lines = layout.flatMap((_, port) => [
    ...only(one[port] ?? [], other[port] ?? []).map((hex) =>
      told(names[0], names[1], port, hex, batch),
    ),
    ...only(other[port] ?? [], one[port] ?? []).map((hex) =>
      told(names[1], names[0], port, hex, batch),
    ),
  ])
  const ports = layout.map((each, port) => `  ${portName(port)}: ${JSON.stringify(each)}`)
  const orders = lines.length === 0 ? ['the same frames in another order within a flow'] : lines
  const replay = `seed ${seed}: run it alone with ${SEED_VARIABLE}=${seed}`
  return [`${names.join(' and ')} differ; ${replay}`, ...orders.slice(0, TOLD), ...ports].join('\n')
}

/** What is in the first list and not in the second, counting. */
function only(frames: readonly string[], others: readonly string[]): string[] {
  const left = [...others]
  return frames.filter((frame) => {
    const at = left.indexOf(frame)
    if (at >= 0) left.splice(at, 1)
    return at < 0
  })
}

function told(who = '', whoNot = '', port: number, hex: string, batch: readonly Sent[]): string {
  const source = batch.find(({ frame }) => {
    const text = Buffer.from(frame).toString('hex')
    return text.slice(0, 24) === hex.slice(0, 24) && text.slice(-8) === hex.slice(-8)
  })
  const from = source === undefined ? '?' : portName(source.port)
  const sent = source === undefined ? '' : `\n  sent at ${from}: ${inWords(source.frame)}`
  const got = inWords(Uint8Array.from(Buffer.from(hex, 'hex')))
  return `only ${who}, not ${whoNot}, put out by ${portName(port)}: ${got}${sent}`
}

/** The layers and their fields in a line, and the first octets. */
function inWords(frame: Uint8Array): string {
  const layers = dissect(frame).map(({ text }) => text)
  const octets = Buffer.from(frame.subarray(0, 40)).toString('hex')
  return `${layers.slice(0, 6).join('; ')} (${frame.length} octets: ${octets}…)`
}
