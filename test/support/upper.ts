/** Packets of protocols that have no builder of their own. */
import { fold, internetSum, pseudoHeaderSum } from './checksum.js'
import { EtherType, ethernet, join, station, word } from './frames.js'

const addresses4 = Uint8Array.of(10, 55, 0, 1, 10, 55, 0, 2)
const addresses6 = Uint8Array.from({ length: 32 }, (_, at) =>
  at % 16 === 0 ? 0xfd : at % 16 === 15 ? 1 + (at >> 4) : 0,
)

/** A frame with that behind its IP header, the checksum at its third octet filled in. */
export function complete(
  version: 4 | 6,
  protocol: number,
  upper: Uint8Array | readonly number[],
): Uint8Array {
  const bytes = Uint8Array.from(upper)
  const pseudo = version === 6 ? pseudoHeaderSum(addresses6, protocol, bytes.length) : 0
  bytes.set(word(~fold(pseudo + internetSum(bytes)) & 0xffff), 2)
  const head = version === 4 ? header4(protocol, bytes.length) : header6(protocol, bytes.length)
  const type = version === 4 ? EtherType.IPV4 : EtherType.IPV6
  return ethernet(station(2), station(1), type, join(head, bytes))
}

function header4(protocol: number, payload: number): Uint8Array {
  const start = [0x45, 0, ...word(20 + payload), 0, 7, 0, 0, 64, protocol, 0, 0]
  const header = join(start, addresses4)
  header.set(word(~fold(internetSum(header)) & 0xffff), 10)
  return header
}

function header6(protocol: number, payload: number): Uint8Array {
  return join([0x60, 0, 0, 0, ...word(payload), protocol, 255], addresses6)
}
