// What moves on the links: when each frame enters one, when it comes out, and what is lost on the way.
/** How long after it should have come a frame is given up for the picture; milliseconds. */
const PATIENCE = 0.01

export class Traffic {
  /** For the file to download, and how many frames of it were looked at. */
  #file
  #seen = 0
  /** What the switch has sent into links since the last look. */
  #entered = []
  /** Link and direction → when its rate lets the next frame pass. */
  #free = new Map()
  /** Moves to hosts, of which nobody knows yet whether they get there. */
  #open = []

  constructor(lab, links) {
    this.lab = lab
    this.#file = lab.capture()
    // A port has the name of the link that is plugged in there.
    this.capture = lab.switch().production.capture({}, ({ direction, port, frame, time }) => {
      if (direction === 'transmit' && links.includes(port)) {
        this.#entered.push({ link: port, direction: 'in', time, frame })
      }
    })
  }

  file() {
    return this.#file.bytes()
  }

  /** @returns `packets` as hosts see them, and `moves` that have begun, since the last call */
  look() {
    const packets = this.#packets()
    const sent = packets.filter(({ direction }) => direction === 'out')
    const begun = [...sent, ...this.#entered.splice(0)].sort((a, b) => a.time - b.time)
    const moves = begun.map((one) => this.#move(one))
    for (const move of moves) if (move.direction === 'in') this.#open.push(move)
    for (const packet of packets) if (packet.direction === 'in') this.#arrive(packet)
    this.#giveUp()
    return { packets, moves }
  }

  #packets() {
    const { frames } = this.#file
    const fresh = frames.slice(this.#seen)
    this.#seen = frames.length
    // What a switch drops was on a link before.
    return fresh
      .filter((one) => one.switch === null)
      .map(({ octets: frame, ...packet }) => ({ ...packet, frame }))
  }

  /** Where a frame is when: it waits for its turn at the link's rate, then is under way for the delay. */
  #move({ link, direction, time, frame, lost }) {
    const { delay = 0, rate } = this.lab.link(link).settings[direction]
    const key = `${link} ${direction}`
    const takes = rate === undefined ? 0 : (8 * frame.length * 1000) / rate
    const start = lost ? time : Math.max(time, this.#free.get(key) ?? 0)
    if (!lost) this.#free.set(key, start + takes)
    return {
      link,
      direction,
      frame,
      entered: time,
      start,
      end: start + takes + delay,
      lost: !!lost,
    }
  }

  #arrive({ link, frame }) {
    const isIt = (move) => move.link === link && isSame(move.frame, frame)
    const at = this.#open.findIndex(isIt)
    if (at >= 0) this.#open.splice(at, 1)
  }

  #giveUp() {
    const isLate = ({ end }) => end + PATIENCE < this.lab.now
    for (const move of this.#open) if (isLate(move)) move.lost = true
    this.#open = this.#open.filter((move) => !isLate(move))
  }
}

const isSame = (a, b) => a.length === b.length && a.every((octet, at) => octet === b[at])
