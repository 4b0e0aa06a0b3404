/** A datagram that came, and what the network says of one that was sent. */
import { mustBeLoss } from './loss.js'
import type { FailureReason } from './network.js'
import type { UdpSocket } from './udp-socket.js'

const utf8 = new TextDecoder()

export class Datagram {
  /** @internal */
  constructor(
    /** The sender's address and port. */
    readonly from: string,
    readonly port: number,
    /** What it was sent to: an address of the host, a group, or everybody. */
    readonly to: string,
    readonly data: Uint8Array,
    readonly ttl: number,
    private readonly socket: UdpSocket,
  ) {}

  /** The data as UTF-8. */
  get text(): string {
    return utf8.decode(this.data)
  }

  /**
   * Answers to where it came from, from the address that was asked where that is the host's own. Where there is
   * no way back, or the socket was closed, the answer is lost.
   *
   * @throws LinkspanError code `INVALID`
   */
  async reply(data: Uint8Array | string): Promise<void> {
    try {
      await this.socket.send(this.from, this.port, data, { from: this.to })
    } catch (error) {
      mustBeLoss(error)
    }
  }
}

/** What the network said of a datagram that was sent. */
export interface DatagramError {
  readonly reason: FailureReason
  /** Who said it. */
  readonly from: string
  /** Where the datagram was to go. */
  readonly to: string
  readonly port: number
}
