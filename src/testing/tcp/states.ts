/** The states of a connection (RFC 9293 3.3.2), and what its owner is told. */
import type { LinkspanError } from '../../error.js'
import type { Keeper } from '../../memento/keeper.js'

export type TcpState =
  | 'SYN-SENT'
  | 'SYN-RECEIVED'
  | 'ESTABLISHED'
  | 'FIN-WAIT-1'
  | 'FIN-WAIT-2'
  | 'CLOSE-WAIT'
  | 'CLOSING'
  | 'LAST-ACK'
  | 'TIME-WAIT'
  | 'CLOSED'

/** What is told of a connection to whoever has it. */
export interface TcbEvents {
  opened(): void
  /** There are octets to read, or the end. */
  readable(): void
  /** There is room to write, or what was written is acknowledged. */
  writable(): void
  /** Both directions have ended, and both ends know it. */
  finished(): void
  failed(error: LinkspanError): void
  /** Tells what the owner knows of the network's side. */
  keep(keeper: Keeper): void
  /**
   * Remembers how far the program has got. Returns what says whether it is where it was: its streams cannot
   * be put back.
   */
  mark(): () => boolean
  /** The connection is as it was when it was kept; whoever reads may find that there is something to read. */
  goesOn(): void
}

/** An owner that has no program behind it. */
export const noProgram = { keep() {}, mark: () => () => true, goesOn() {} } as const
