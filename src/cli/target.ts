/** Which switch a command is about. */
import { socketPath } from '../control/socket.js'

export interface Target {
  /** The switch's name; `default` if left out. */
  name?: string
  socket?: string
}

/** The socket a command talks to: --socket, LINKSPAN_SOCKET, or that of the switch's name. */
export function targetSocket(target: Target): string {
  return target.socket ?? process.env.LINKSPAN_SOCKET ?? socketPath(target.name)
}
