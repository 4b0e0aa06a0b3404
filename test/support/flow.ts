/**
 * A flow of numbered UDP datagrams, answered one by one: what is lost and what comes twice is known by
 * number. Only few are under way at a time, so that no queue of the kernel overflows and whatever is
 * missing was lost by the switch.
 */
import type { Station } from './lab.js'
import { within } from './netns.js'
import { type Program, start } from './process.js'

const WINDOW = 16

export interface FlowResult {
  sent: number
  received: number
  duplicates: number
}

const echo = `
  const socket = require('node:dgram').createSocket('udp4')
  socket.on('message', (data, { port, address }) => socket.send(data, port, address))
  socket.bind(7007, () => console.log('listening'))`

const sender = (address: string) => `
  const socket = require('node:dgram').createSocket('udp4')
  const waiting = new Set()
  const seen = new Set()
  let sent = 0, duplicates = 0, ended = false, last = Date.now()
  socket.on('message', (data) => {
    const number = data.readUInt32BE(0)
    if (seen.has(number)) duplicates++
    seen.add(number)
    waiting.delete(number)
    last = Date.now()
    if (seen.size === 100) console.log('flowing')
    if (ended && waiting.size === 0) report()
  })
  function report() {
    console.log(JSON.stringify({ sent, received: seen.size, duplicates }))
    process.exit()
  }
  setInterval(() => {
    // Nothing for so long: what is still waited for does not come any more.
    if (waiting.size > 0 && Date.now() - last > 3000) report()
    for (let n = 0; !ended && n < 4 && waiting.size < ${WINDOW}; n++) {
      const data = Buffer.alloc(60)
      data.writeUInt32BE(++sent)
      waiting.add(sent)
      socket.send(data, 7007, '${address}')
    }
  }, 1)
  process.on('SIGINT', () => { ended = true; if (waiting.size === 0) report() })`

/** Runs until `finishFlow`. */
export async function startFlow(from: Station, to: Station): Promise<Program> {
  const listening = start(within(to.netns, process.execPath, '-e', echo))
  await listening.prints('listening')
  const program = start(within(from.netns, process.execPath, '-e', sender(to.ip4)))
  await program.prints('flowing')
  return program
}

/** Ends a flow when all answers have come, or none has come for long. */
export async function finishFlow(program: Program): Promise<FlowResult> {
  program.kill('SIGINT')
  const { stdout } = await program.end()
  const line = stdout.trim().split('\n').at(-1) ?? ''
  return JSON.parse(line) as FlowResult
}
