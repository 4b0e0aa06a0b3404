/** What is to be generated, read from the words of the command line before anything is opened. */
import { randomInt } from 'node:crypto'
import { parseMac } from '../config/address.js'
import { describe } from '../config/describe.js'
import { InvalidError, LinkspanError } from '../error.js'
import { type FileFrames, readFrames } from '../generate/file.js'
import type { Stream } from '../generate/stream.js'
import {
  HEADER_MIN,
  leastSize,
  makeTemplate,
  plainTemplate,
  type TrafficFlow,
} from '../generate/template.js'
import { parseSizes } from '../generate/words.js'
import type { BuiltTag } from '../packet/build.js'
import { parseFlow } from '../packet/flow.js'
import { parseHex } from '../packet/hex.js'
import { readOctets } from './file.js'
import type { GenerateOptions } from './generate.js'

/** A flow whose frames are made, MACs aside. */
export interface FlowTraffic {
  kind: 'flow'
  flow: TrafficFlow
  sizes: readonly number[]
  tags: readonly BuiltTag[]
  stamp: boolean
}

/** Frames that are sent as they are. */
export interface FileTraffic {
  kind: 'file'
  file: FileFrames
}

export type Traffic = FlowTraffic | FileTraffic

export interface Macs {
  source: Uint8Array
  destination: Uint8Array
}

export const usage = (message: string) => new LinkspanError('USAGE', message)

/** What memory is taken for at the start. */
const FLOWS_MAX = 4_000_000
const MACS_MAX = 16_777_216
const TAGS_MAX = 2

/** Options that say what a frame is made of. */
const OF_FLOWS = ['size', 'flows', 'macs', 'vlan', 'priority', 'via', 'syn'] as const
const MACS = ['sourceMac', 'destinationMac'] as const

export function trafficOf(words: readonly string[], options: GenerateOptions): Traffic {
  const { hex, pcap } = options
  const given = [words.length > 0, hex !== undefined, pcap !== undefined].filter(Boolean)
  if (given.length !== 1) {
    const flows = 'a flow (udp 10.55.0.2:40000 10.55.0.3:5000, or ethernet)'
    throw usage(`generate needs ${flows}, --hex or --pcap, one of them`)
  }
  if (words.length > 0) return flowTraffic(words, options)
  const what = hex === undefined ? '--pcap' : '--hex'
  const wrong = [...OF_FLOWS, ...MACS].find((key) => options[key] !== undefined)
  if (wrong)
    throw usage(`${optionOf(wrong)} does not go with ${what}: its frames are sent as they are`)
  if (pcap !== undefined) return { kind: 'file', file: readFrames(readOctets(pcap), pcap) }
  return { kind: 'file', file: oneFrame(parseHex(hex as string)) }
}

function oneFrame(frame: Uint8Array): FileFrames {
  if (frame.length < HEADER_MIN) {
    throw new InvalidError(`--hex of ${frame.length} octets`, 'an Ethernet frame, 14 at least')
  }
  return { frames: [frame], offsets: [0], span: 0, leftOut: 0 }
}

const optionOf = (key: string) =>
  `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`

function flowTraffic(words: readonly string[], options: GenerateOptions): FlowTraffic {
  const flow = words[0] === 'ethernet' ? ethernetOf(words) : parseFlow(words)
  const tags = tagsOf(options)
  const { stamp } = options
  const least = leastSize(flow, tags.length, stamp)
  const sizes = options.size === undefined ? [least] : parseSizes(options.size, least)
  checkUpTo('--flows', options.flows, FLOWS_MAX)
  checkUpTo('--macs', options.macs, MACS_MAX)
  const traffic: FlowTraffic = { kind: 'flow', flow, sizes, tags, stamp }
  const none = new Uint8Array(6)
  // Sizes that do not fit are told before anything is opened.
  streamOf(traffic, options, { source: none, destination: none })
  return traffic
}

export function checkUpTo(option: string, value: number | undefined, most: number): void {
  if (value === undefined || (value >= 1 && value <= most)) return
  throw new InvalidError(`${option} ${value}`, `1 to ${most}`)
}

/** IEEE 802 local experimental EtherType 1. */
const EXPERIMENTAL = 0x88b5

function ethernetOf([, type, ...rest]: readonly string[]): TrafficFlow {
  const value = type === undefined ? EXPERIMENTAL : Number(type)
  const isType = type === undefined || /^(0x[\da-f]{1,4}|\d{1,5})$/i.test(type)
  if (isType && rest.length === 0 && value >= 0x600 && value <= 0xffff) {
    return { protocol: 'ethernet', type: value }
  }
  throw new InvalidError(
    describe([type, ...rest].join(' ')),
    'no more than an EtherType behind "ethernet", 0x0600 to 0xffff such as 0x88b5',
  )
}

function tagsOf({ vlan = [], priority }: GenerateOptions): BuiltTag[] {
  if (vlan.length > TAGS_MAX) throw new InvalidError(`${vlan.length} VLANs`, 'one or two tags')
  if (priority !== undefined && vlan.length === 0) {
    throw usage('--priority is of a VLAN tag: say which by --vlan')
  }
  // Two tags are those of a provider bridge (802.1ad): the outer one is a service tag.
  return vlan.map((vid, index) => {
    const type = vlan.length === 2 && index === 0 ? 0x88a8 : 0x8100
    return { vid, type, ...(priority !== undefined && { priority }) }
  })
}

/** Ports that are counted up from the source's: below them nothing is. */
const PORTS = 65_536

/** @throws LinkspanError where a size does not fit, or flows need more addresses than there are */
export function streamOf(traffic: Traffic, options: GenerateOptions, macs: Macs): Stream {
  const id = randomInt(1, 2 ** 32 - 1)
  if (traffic.kind === 'file') {
    const templates = traffic.file.frames.map(plainTemplate)
    return { id, templates, flows: 1, ports: 1, macs: 1, stamp: false }
  }
  const { flow, sizes, tags, stamp } = traffic
  const { flows = 1, macs: count = 1, syn = false } = options
  const made = new Map(
    [...new Set(sizes)].map((size) => {
      const common = { sourceMac: macs.source, destinationMac: macs.destination }
      return [size, makeTemplate(flow, size, { ...common, tags, stamp, syn })]
    }),
  )
  const templates = sizes.flatMap((size) => made.get(size) ?? [])
  const [{ portBase = 0, addressBase = 0 } = {}] = templates
  const ports = PORTS - portBase
  if (flow.protocol !== 'ethernet' && addressBase + Math.ceil(flows / ports) > 2 ** 32) {
    throw new InvalidError(
      `--flows ${flows}`,
      'no more than there are addresses from the source on',
    )
  }
  return { id, templates, flows, ports, macs: count, stamp }
}

/** The MAC of an option. */
export const macOf = (text: string | undefined) => (text === undefined ? undefined : parseMac(text))
