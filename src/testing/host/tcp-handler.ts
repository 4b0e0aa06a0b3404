/** Handlers of connections: each is called in an event of its own, and what it throws is told. */
import { quote } from '../../config/describe.js'
import { TcpConnection } from '../tcp/connection.js'
import type { TcpServer } from '../tcp/server.js'
import { onRejection } from './rejection.js'
import type { TcpHost } from './tcp.js'

/** May be async: the connection goes on when it is done, until somebody closes it. */
export type ConnectionHandler = (connection: TcpConnection, server: TcpServer) => unknown

export class ConnectionHandlers {
  constructor(private readonly host: TcpHost) {}

  /** Has `handler` called with every connection. */
  serve(server: TcpServer, handler: ConnectionHandler): void {
    server.onOpened = (tcb) => {
      tcb.isServed = true
      this.#handle(new TcpConnection(tcb), server, handler)
    }
  }

  #handle(connection: TcpConnection, server: TcpServer, handler: ConnectionHandler): void {
    const failed = (error: unknown) => this.#failed(connection, server, error)
    try {
      onRejection(handler(connection, server), failed)
    } catch (error) {
      failed(error)
    }
    this.host.waits.woke = true
  }

  /** That the other end went away is no fault of a handler that reads. */
  #failed(connection: TcpConnection, server: TcpServer, error: unknown): void {
    if (error === connection.failure) return
    connection.abort()
    const { stack } = this.host
    this.host.thrown(`host ${quote(stack.name)}, TCP port ${server.port}`, error)
  }
}
