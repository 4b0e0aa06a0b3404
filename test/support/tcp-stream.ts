/** What user code does with connections. */
import type { TcpConnection } from '../../src/testing/tcp/connection.js'

/** Reads to the end. */
export async function readAll(connection: TcpConnection): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  for await (const chunk of connection.readable as unknown as AsyncIterable<Uint8Array>)
    chunks.push(chunk)
  const all = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const chunk of chunks) {
    all.set(chunk, at)
    at += chunk.length
  }
  return all
}

/** Writes in pieces, then ends that direction. */
export async function writeAll(
  connection: TcpConnection,
  bytes: Uint8Array,
  piece = 40_000,
): Promise<void> {
  const writer = connection.writable.getWriter()
  for (let at = 0; at < bytes.length; at += piece) {
    await writer.ready
    writer.write(bytes.subarray(at, at + piece)).catch(() => {})
  }
  await writer.close()
}
