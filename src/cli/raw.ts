/** Commands that print what the control socket answers as it is: `metrics`, `events`. */
import type { IncomingMessage } from 'node:http'
import { open } from './client.js'
import type { Target } from './target.js'

export async function metrics(target: Target): Promise<void> {
  await print(await open(target, 'GET', '/metrics'))
}

/** Until it is interrupted, or the switch ends. */
export async function events(target: Target): Promise<void> {
  await print(await open(target, 'GET', '/v1/events'))
}

/** Waits for standard output where that is slow, so that the switch sees that this client is. */
async function print(response: IncomingMessage): Promise<void> {
  for await (const chunk of response) {
    if (process.stdout.write(chunk)) continue
    await new Promise((resolve) => process.stdout.once('drain', resolve))
  }
}
