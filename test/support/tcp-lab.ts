/** Two hosts of a lab, and what they say to each other over TCP. */
import { createLab, type LabOptions, type LinkSettings } from '../../src/testing/index.js'

const [encoder, decoder] = [new TextEncoder(), new TextDecoder()]

/** Something with the two streams of a connection. */
interface Duplex {
  readonly readable: ReadableStream<Uint8Array>
  readonly writable: WritableStream<Uint8Array>
}

export async function pair(options: LabOptions = {}, link?: Partial<LinkSettings>) {
  const lab = await createLab(options)
  const lan = lab.bridge('lan', { gateway: ['10.55.0.1/24', 'fd55::1/64'] })
  const a = lab.host('a', { bridge: lan, ...(link && { link }) })
  const b = lab.host('b', { bridge: lan })
  return { lab, lan, a, b }
}

/** Says something; `end`: and nothing more. */
export async function say({ writable }: Duplex, text: string, end = true): Promise<void> {
  const writer = writable.getWriter()
  await writer.write(encoder.encode(text))
  if (end) await writer.close()
  writer.releaseLock()
}

/** What is read to the end. */
export async function heard({ readable }: Duplex): Promise<string> {
  let text = ''
  for await (const chunk of readable as unknown as AsyncIterable<Uint8Array>) {
    text += decoder.decode(chunk, { stream: true })
  }
  return text
}

/** What comes first. */
export async function first({ readable }: Duplex): Promise<string> {
  const reader = readable.getReader()
  const { value } = await reader.read()
  reader.releaseLock()
  return decoder.decode(value)
}

export const echo = ({ readable, writable }: Duplex): Promise<void> => readable.pipeTo(writable)
