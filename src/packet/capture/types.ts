/** What a capture file holds, whichever of the two formats it is. */
import { LinkspanError } from '../../error.js'

/** Seen from the switch: `receive` came in by the port (pcapng: inbound), `transmit` left by it. */
export type Direction = 'receive' | 'transmit'

/** What an Interface Description Block says; a pcap file has one, nameless. */
export interface CaptureInterface {
  /** Dense, from 0, anew in every section. */
  index: number
  name?: string
  description?: string
  /** A LINKTYPE_ number (tcpdump.org/linktypes.html); 1 is Ethernet. */
  linkType: number
  /** Octets of a frame that are kept; 0: all. */
  snapLength: number
}

export interface CapturedPacket {
  /** From the destination MAC on, without FCS; a copy, for keeps. */
  frame: Uint8Array
  /** Octets that it had on the wire, FCS not counted; more than `frame` has where it was cut. */
  originalLength: number
  /** Nanoseconds since 1970-01-01 UTC; undefined where the format has none (pcapng's SPB). */
  time: bigint | undefined
  interface: CaptureInterface
  direction?: Direction
  /** UTF-8 text of `opt_comment`, in order; none in a pcap file. */
  comments: readonly string[]
}

/** A file ends inside a block or record. */
export interface Truncation {
  /** Where what is not whole begins, octets from the file's start. */
  offset: number
  /** How many octets of it are there. */
  octets: number
}

/** A file is no capture file, or is damaged. Code `INVALID`. */
export class CaptureFileError extends LinkspanError {
  override readonly name = 'CaptureFileError'

  /** @param offset of what is wrong, octets from the file's start */
  constructor(
    readonly offset: number,
    private readonly problem: string,
    file = 'the capture file',
  ) {
    super('INVALID', `${file}: octet ${offset}: ${problem}`)
  }

  /** The same with the file's name. */
  of(file: string): CaptureFileError {
    return new CaptureFileError(this.offset, this.problem, file)
  }
}

/** Octets that a block or record may have: more is damage, and memory that nobody has. */
export const BLOCK_MAX = 16 * 1024 * 1024
