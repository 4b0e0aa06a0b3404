/** What a test may ask of a connection or a server: TCP's own options, with addresses as text. */
import type * as server from '../tcp/server.js'
import type * as stack from '../tcp/stack.js'

export interface ListenOptions extends Omit<server.ListenOptions, 'address'> {
  /** One of the host's; left out: all. */
  address?: string
}

export interface ConnectOptions extends Omit<stack.ConnectOptions, 'localAddress'> {
  /** One of the host's; left out: the one that packets there come from. */
  localAddress?: string
}
