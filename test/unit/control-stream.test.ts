import { EventEmitter } from 'node:events'
import type { ServerResponse } from 'node:http'
import { expect, test } from 'vitest'
import { sendStream } from '../../src/control/api/event-stream.js'

/** What a client gets that reads only when `drain` is called. */
class SlowClient extends EventEmitter {
  readonly lines: { type: string; events?: number }[] = []
  writableLength = 0
  writeHead(): void {}
  flushHeaders(): void {}
  write(text: string): void {
    this.writableLength += text.length
    this.lines.push(JSON.parse(text))
  }
  drain(): void {
    this.writableLength = 0
  }
}

test('what waits for a client is bounded, and it is told what it missed', () => {
  const client = new SlowClient()
  let write: (line: object) => void = () => {}
  let ended = false
  sendStream(client as unknown as ServerResponse, 'application/x-ndjson', (given) => {
    write = given
    return () => {
      ended = true
    }
  })
  const event = { type: 'moved', filler: 'x'.repeat(1000) }
  for (let n = 0; n < 1000; n++) write(event)
  const sent = client.lines.length
  expect(client.writableLength).toBeLessThan(300_000)
  expect(sent).toBeLessThan(300)
  client.drain()
  write(event)
  expect(client.lines.slice(sent)).toMatchObject([
    { type: 'lost', events: 1000 - sent },
    { type: 'moved' },
  ])
  write(event)
  expect(client.lines.at(-2)?.type).toBe('moved')
  expect(ended).toBe(false)
  client.emit('close')
  expect(ended).toBe(true)
})

test('a client that has left already is told nothing more', () => {
  const client = Object.assign(new SlowClient(), { destroyed: true })
  let ended = false
  sendStream(client as unknown as ServerResponse, 'application/x-ndjson', () => () => {
    ended = true
  })
  expect(ended).toBe(true)
})
