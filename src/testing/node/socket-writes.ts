/** Of a socket whose other end has ended: what is written now would be lost. */
import type { Duplex } from 'node:stream'
import { systemError } from './errors.js'

type Done = (error: Error) => void

/** Whatever is written is an error, until `write` is put back by `writeAgain`. */
export function writeNoMore(socket: Duplex): void {
  socket.write = (_: unknown, encoding?: unknown, last?: unknown): boolean => {
    const done = typeof encoding === 'function' ? encoding : last
    const error = systemError('EPIPE', 'write')
    error.message = 'This socket has been ended by the other party'
    if (typeof done === 'function') process.nextTick(done as Done, error)
    socket.destroy(error)
    return false
  }
}

export function writeAgain(socket: Duplex): void {
  Reflect.deleteProperty(socket, 'write')
}
