// Reads the packets of a pcapng file of the lab as it grows (draft-ietf-opsawg-pcapng, little-endian, as
// the lab writes it).

const INTERFACE = 1
const PACKET = 6
/** Options of a packet, and of an interface. */
const COMMENT = 1
const FLAGS = 2
const NAME = 2
/** Of the flags the two bits of the direction: to the host, from it. */
const RECEIVED = 1

export class PacketReader {
  #at = 0
  #interfaces = []

  /** @returns {object[]} what has come since: `{ link, time, direction, lost, frame }`, time in ms */
  read(file) {
    const view = new DataView(file.buffer, file.byteOffset, file.byteLength)
    const packets = []
    while (this.#at < file.length) {
      const [type, length] = [view.getUint32(this.#at, true), view.getUint32(this.#at + 4, true)]
      const block = { view, start: this.#at + 8, end: this.#at + length - 4 }
      if (type === INTERFACE) this.#interfaces.push(text(options(block, 8).get(NAME)))
      if (type === PACKET) packets.push(this.#packet(block, file))
      this.#at += length
    }
    return packets
  }

  #packet({ view, start, end }, file) {
    const word = (at) => view.getUint32(start + at, true)
    const length = word(12)
    const found = options({ view, start, end }, 20 + Math.ceil(length / 4) * 4)
    return {
      link: this.#interfaces[word(0)],
      time: (word(4) * 2 ** 32 + word(8)) / 1e6,
      direction: ((found.get(FLAGS)?.[0] ?? 0) & 3) === RECEIVED ? 'in' : 'out',
      lost: text(found.get(COMMENT))?.replace('lost: ', ''),
      frame: file.slice(start + 20, start + 20 + length),
    }
  }
}

/** Options behind so many octets of a block: code → octets. */
function options({ view, start, end }, offset) {
  const found = new Map()
  for (let at = start + offset; at + 4 <= end; ) {
    const [code, length] = [view.getUint16(at, true), view.getUint16(at + 2, true)]
    if (code === 0) break
    found.set(code, new Uint8Array(view.buffer, view.byteOffset + at + 4, length))
    at += 4 + Math.ceil(length / 4) * 4
  }
  return found
}

const text = (octets) => octets && new TextDecoder().decode(octets)
