/** The MACs of a stream: those that are said, the interface's own, and what ARP and ND answer. */
import { setTimeout as sleep } from 'node:timers/promises'
import {
  type Address,
  formatAddress,
  formatMac,
  isMulticast,
  parseAddress,
} from '../config/address.js'
import { attempt } from '../device/error.js'
import { loadNative } from '../device/native.js'
import { type Place, stepAt } from '../device/traffic/place.js'
import { LinkspanError } from '../error.js'
import { answerIn, questionFor } from '../generate/neighbor.js'
import type { GenerateOptions } from './generate.js'
import { type FlowTraffic, type Macs, macOf, type Traffic } from './generate-plan.js'
import type { Ends } from './generate-run.js'

/** What a TAP's own end speaks from: the interface has its MAC for itself. */
const BEHIND_TAP = Uint8Array.of(2, 0, 0, 0, 0, 1)
const BROADCAST = new Uint8Array(6).fill(0xff)
const ASKED = 3
const PATIENCE_MS = 300

/** @throws LinkspanError that says what to do where nobody answers */
export async function resolveMacs(
  traffic: Traffic,
  options: GenerateOptions,
  ends: Ends,
): Promise<Macs> {
  const { to } = ends
  const source = macOf(options.sourceMac) ?? (to.way.kind === 'tap' ? BEHIND_TAP : to.mac)
  const said = macOf(options.destinationMac)
  if (traffic.kind === 'file') return { source, destination: BROADCAST }
  if (said) return { source, destination: said }
  // What is written to a TAP comes in at its interface.
  if (to.way.kind === 'tap') return { source, destination: to.mac }
  if (traffic.flow.protocol === 'ethernet') return { source, destination: farEnd(ends) }
  const target =
    options.via === undefined ? traffic.flow.destination.address : parseAddress(options.via)
  const group = groupMac(target)
  return { source, destination: group ?? (await ask(target, traffic, source, ends)) }
}

function farEnd({ from }: Ends): Uint8Array {
  if (from) return from.mac
  throw new LinkspanError(
    'USAGE',
    'to which MAC? Say --destination-mac, or where it arrives by --from',
  )
}

/** RFC 1112 6.4, RFC 2464 7. */
function groupMac(address: Address): Uint8Array | undefined {
  const { family, bytes } = address
  if (family === 4 && bytes.every((octet) => octet === 255)) return BROADCAST
  if (!isMulticast(address)) return undefined
  const [, b = 0, c = 0, d = 0] = bytes
  return family === 4
    ? Uint8Array.of(1, 0, 0x5e, b & 0x7f, c, d)
    : Uint8Array.of(0x33, 0x33, ...bytes.subarray(12))
}

async function ask(
  target: Address,
  { flow, tags }: FlowTraffic,
  mac: Uint8Array,
  { to, from }: Ends,
): Promise<Uint8Array> {
  const address = flow.protocol === 'ethernet' ? target : flow.source.address
  if (address.family !== target.family) {
    throw new LinkspanError('INVALID', '--via and the flow are not of one family')
  }
  const question = questionFor(target, { mac, address, tags })
  const answer = await exchange(to, question, target)
  if (answer) return answer
  const protocol = target.family === 4 ? 'ARP' : 'neighbour discovery'
  const arrives = from ? ` (that of ${from.name.text} is ${formatMac(from.mac)})` : ''
  throw new LinkspanError(
    'NOT_FOUND',
    `nobody at ${to.name.text} answers ${protocol} for ${formatAddress(target.bytes)}: say --destination-mac${arrives}, or the router by --via`,
  )
}

/** Asks three times, 300 ms apart. */
async function exchange(
  { name, way }: Place,
  question: Uint8Array,
  target: Address,
): Promise<Uint8Array | undefined> {
  if (way.kind === 'tap') return undefined
  const native = loadNative()
  const { namespaceFd, interfaceIndex } = way
  const socket = attempt(stepAt(name, 'ask for a MAC on'), () =>
    native.packetOpen(namespaceFd, interfaceIndex, 0),
  )
  try {
    for (let time = 0; time < ASKED; time++) {
      native.writeFrame(socket, question)
      const until = performance.now() + PATIENCE_MS
      while (performance.now() < until) {
        const answer = readAnswer(socket, target)
        if (answer) return answer
        await sleep(2)
      }
    }
    return undefined
  } finally {
    native.close(socket)
  }
}

/** Among the frames that wait, one by one. */
function readAnswer(socket: number, target: Address): Uint8Array | undefined {
  const native = loadNative()
  const buffer = new Uint8Array(2048)
  for (let count = 0; count < 1000; count++) {
    const length = native.readFrame(socket, buffer)
    if (length < 0) return undefined
    const answer = answerIn(buffer.subarray(0, Math.min(length, buffer.length)), target)
    if (answer) return answer
  }
  return undefined
}

/** Time for a switch to learn what was announced. */
const LEARN_MS = 50

/**
 * Where frames go to the receiving interface's own MAC, that speaks first, so that a switch knows where it
 * is and floods nothing.
 */
export async function announce(traffic: Traffic, macs: Macs, { from }: Ends): Promise<void> {
  if (from?.way.kind !== 'packet' || traffic.kind === 'file') return
  if (formatMac(macs.destination) !== formatMac(from.mac)) return
  const { namespaceFd, interfaceIndex } = from.way
  const native = loadNative()
  const socket = attempt(stepAt(from.name, 'speak on'), () =>
    native.packetSender(namespaceFd, interfaceIndex, 0),
  )
  const tags = traffic.tags.flatMap(({ vid, type = 0x8100 }) => [
    type >> 8,
    type & 0xff,
    vid >> 8,
    vid & 0xff,
  ])
  const frame = new Uint8Array(60)
  frame.set([...BROADCAST, ...from.mac, ...tags, 0x88, 0xb5])
  try {
    native.writeFrame(socket, frame)
  } finally {
    native.close(socket)
  }
  await sleep(LEARN_MS)
}
