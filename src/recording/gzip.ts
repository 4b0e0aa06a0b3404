/** gzip of what is in memory, by what Node and browsers have alike. */
import { recordingError } from './file.js'

export async function gzip(
  parts: readonly Uint8Array<ArrayBuffer>[],
): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([...parts]).stream().pipeThrough(new CompressionStream('gzip'))
  return new Uint8Array(await new Response(stream).arrayBuffer())
}

/**
 * What can be had of it: where it was cut, as far as it goes. Octets that are no gzip come as they are.
 *
 * @throws LinkspanError code `RECORDING`: it is not cut, but other than it was written
 */
export async function gunzip(octets: Uint8Array): Promise<Uint8Array> {
  if (octets[0] !== 0x1f || octets[1] !== 0x8b) return octets
  const stream = new Blob([Uint8Array.from(octets)])
    .stream()
    .pipeThrough(new DecompressionStream('gzip'))
  const parts: Uint8Array[] = []
  try {
    for (const reader = stream.getReader(); ; ) {
      const { done, value } = await reader.read()
      if (done) break
      parts.push(value)
    }
  } catch (cause) {
    // Cut: whoever reads it sees that its end is missing.
    if (!isCut(cause)) throw recordingError('the recording is damaged: it is no gzip', { cause })
  }
  return new Uint8Array(await new Blob(parts as Uint8Array<ArrayBuffer>[]).arrayBuffer())
}

/** Whether a stream ended too early; Node has a code for it, and each browser a sentence of its own. */
function isCut(error: unknown): boolean {
  const { code, message } = error as { code?: string; message?: string }
  return code === 'Z_BUF_ERROR' || /truncated|unexpected end|without reaching/i.test(`${message}`)
}
