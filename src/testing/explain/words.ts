/** A frame of words, as a host would send it: `udp 10.55.0.2:40000 10.55.0.3:53`. */
import { formatAddress, linkLocalOf, parseMac } from '../../config/address.js'
import { LinkspanError } from '../../error.js'
import { buildFrame } from '../../packet/build.js'
import { parseFlow } from '../../packet/flow.js'
import { addressOf } from '../host/address.js'
import type { Host } from '../host/host.js'
import { hostIn } from '../host/host-in.js'
import type { LabView } from '../view.js'

/** @throws LinkspanError `INVALID`, `NOT_FOUND` or `UNREACHABLE` */
export function frameOfWords(
  view: LabView,
  words: string,
  from: Host | string | undefined,
): { host: Host; octets: Uint8Array } {
  const flow = parseFlow(words.trim().split(/\s+/))
  const source = formatAddress(flow.source.address.bytes)
  const host = from === undefined ? ownerOf(view, source) : hostIn(view.hosts, from, 'explain')
  const sourceMac = parseMac(host.mac)
  // Nobody is found yet by whoever asks for a MAC.
  if (flow.protocol === 'arp') return { host, octets: buildFrame(flow, { sourceMac }) }
  const hop = host.hopTo(addressOf(flow.source.address), addressOf(flow.destination.address))
  const destinationMac = hop && parseMac(macFor(view, formatAddress(hop), host))
  return {
    host,
    octets: buildFrame(flow, { sourceMac, ...(destinationMac && { destinationMac }) }),
  }
}

function ownerOf({ hosts }: LabView, address: string): Host {
  const host = [...hosts.values()].find((one) => one.addresses.includes(address))
  if (host) return host
  const problem = `no host of the lab has ${address}`
  throw new LinkspanError('NOT_FOUND', `explain: ${problem}: say who sends it, { from: "a" }`)
}

/** The MAC that a question for an address would bring. */
function macFor(view: LabView, address: string, asker: Host): string {
  for (const { mac, addresses } of stationsOf(view)) {
    const own = addresses.map((text) => text.replace(/\/.*/, ''))
    if ([...own, formatAddress(linkLocalOf(mac))].includes(address)) return mac
  }
  const problem = `nobody of the lab has ${address}, whose MAC host "${asker.name}" would ask for`
  throw new LinkspanError('NOT_FOUND', `explain: ${problem}: give the octets of a frame instead`)
}

interface Station {
  readonly mac: string
  readonly addresses: readonly string[]
}

/** Hosts, gateways of bridges, and uplinks. */
function stationsOf({ hosts, switches }: LabView): Station[] {
  const routers = [...switches.values()].flatMap(({ production: { config } }) => [
    ...Object.values(config.bridges).flatMap(({ gateway }) => (gateway ? [gateway] : [])),
    ...Object.values(config.uplinks),
  ])
  return [...hosts.values(), ...routers]
}
