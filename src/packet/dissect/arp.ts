/** ARP (RFC 826; RFC 5227 for probes and announcements). */
import { type Dissected, type Octets, octetsText, type Place, shortOf } from './layer.js'

const operations: Readonly<Record<number, string>> = {
  1: 'request',
  2: 'reply',
  3: 'reverse request',
  4: 'reverse reply',
}

export function arp(octets: Octets, place: Place): Dissected {
  const short = shortOf(octets, place, 8, ['arp', 'ARP'])
  if (short) return short
  const { offset } = place
  const [hardware, protocol] = [octets.u16(offset), octets.u16(offset + 2)]
  const [hardwareSize, protocolSize] = [octets.u8(offset + 4), octets.u8(offset + 5)]
  const length = 8 + 2 * (hardwareSize + protocolSize)
  const isIpv4 = hardware === 1 && protocol === 0x0800 && hardwareSize === 6 && protocolSize === 4
  const operation = octets.u16(offset + 6)
  const word = operations[operation] ?? `operation ${operation}`
  if (!isIpv4) {
    const fields = { hardware, protocol, hardwareSize, protocolSize, operation }
    const there = Math.min(length, octets.available(place))
    const problem = `hardware type ${hardware} (${octetsText(hardwareSize)}), protocol type ${protocol} (${octetsText(protocolSize)}): not IPv4 on Ethernet`
    return {
      layer: {
        layer: 'arp',
        offset,
        length: there,
        fields: { ...fields, problem },
        text: `ARP ${word}, ${problem}`,
      },
    }
  }
  const cut = shortOf(octets, place, length, ['arp', `ARP ${word}`])
  if (cut) return cut
  const fields = {
    operation,
    senderMac: octets.mac(offset + 8),
    senderAddress: octets.address(offset + 14, 4),
    targetMac: octets.mac(offset + 18),
    targetAddress: octets.address(offset + 24, 4),
  }
  const text = `ARP ${word}, ${sentence(operation, word, fields)}`
  return {
    layer: { layer: 'arp', offset, length, fields, text },
    next: { protocol: 'none', offset: offset + length, end: offset + length },
  }
}

function sentence(
  operation: number,
  word: string,
  {
    senderMac,
    senderAddress,
    targetMac,
    targetAddress,
  }: Record<'senderMac' | 'senderAddress' | 'targetMac' | 'targetAddress', string>,
): string {
  if (operation === 1) {
    if (senderAddress === '0.0.0.0') return `${senderMac} probes for ${targetAddress}`
    if (senderAddress === targetAddress) return `${senderMac} announces ${senderAddress}`
    return `${senderAddress} (${senderMac}) asks who has ${targetAddress}`
  }
  if (operation === 2) return `${senderAddress} is at ${senderMac}, to ${targetAddress}`
  return `${word} of ${senderAddress} (${senderMac}) to ${targetAddress} (${targetMac})`
}
