/** A run in a switch of its own, in this process: no kernel, no privilege, one thread. */
import { setImmediate as others } from 'node:timers/promises'
import type { ConfigInput } from '../config/types.js'
import { LinkspanError } from '../error.js'
import { Filler } from '../generate/filler.js'
import { Progress } from '../generate/progress.js'
import { Recorder } from '../generate/recorder.js'
import type { Outcome } from '../generate/report.js'
import { Sender, type Transmitter } from '../generate/sender.js'
import type { Stream } from '../generate/stream.js'
import { receivedTally, sentTally } from '../generate/tally.js'
import { warmUp } from '../generate/warm.js'
import { FRAME_MAX } from '../packet/hex.js'
import { createSwitch, type MemoryPort, type Switch } from '../switch.js'
import { readConfig } from './config-file.js'
import type { GenerateOptions, Run } from './generate.js'
import { Live } from './generate-live.js'
import { macOf, streamOf } from './generate-plan.js'

/** How long the event loop stands still, nanoseconds. */
const SLICE = 10e6
/** A wait that is longer sleeps, milliseconds. */
const SLEEP_MS = 2

/** 02:00:00:00:00:01 and 02, as `linkspan trace` has them. */
const SOURCE = Uint8Array.of(2, 0, 0, 0, 0, 1)
const DESTINATION = Uint8Array.of(2, 0, 0, 0, 0, 2)

const nanoseconds = () => {
  const [seconds, rest] = process.hrtime()
  return seconds * 1e9 + rest
}

/** Gives frames to a port, and has the switch forward a batch at a time. */
class MemoryTransmitter implements Transmitter {
  now = nanoseconds()
  readonly #switch: Switch
  readonly #port: MemoryPort
  readonly #filler: Filler
  readonly #frame = new Uint8Array(FRAME_MAX)
  readonly #sleeper = new Int32Array(new SharedArrayBuffer(4))
  #advanced = this.now

  constructor(sw: Switch, port: MemoryPort, filler: Filler) {
    this.#switch = sw
    this.#port = port
    this.#filler = filler
  }

  wait(deadline: number): void {
    this.now = nanoseconds()
    while (this.now < deadline) {
      const ms = (deadline - this.now) / 1e6
      if (ms > SLEEP_MS) Atomics.wait(this.#sleeper, 0, 0, ms - SLEEP_MS)
      this.now = nanoseconds()
    }
  }

  send(count: number): number {
    let taken = 0
    while (taken < count && this.#port.send(this.#filler.copy(taken, this.#frame))) taken++
    this.#switch.process()
    this.now = nanoseconds()
    this.#advance()
    return taken === 0 ? -NO_ROOM : taken
  }

  /** The switch's clock goes with ours. */
  #advance(): void {
    const ms = Math.floor((this.now - this.#advanced) / 1e6)
    if (ms === 0) return
    this.#switch.advance(ms)
    this.#advanced += ms * 1e6
  }
}

/** ENOBUFS. */
const NO_ROOM = 105

export async function runInMemory(run: Run): Promise<Outcome> {
  const { plan, traffic, options } = run
  const sw = await createSwitch(readConfig(options.config) as unknown as ConfigInput)
  const ends = {
    to: portOf(sw, options, 'in'),
    from: options.out ? portOf(sw, options, 'out') : undefined,
  }
  const source = macOf(options.sourceMac) ?? SOURCE
  const destination = macOf(options.destinationMac) ?? DESTINATION
  const stream = streamOf(traffic, options, { source, destination })
  if (ends.from) announce(sw, ends.from, destination)
  warmUp(stream)
  const filler = new Filler(stream, 0)
  const sender = new Sender(filler, new MemoryTransmitter(sw, ends.to, filler), plan, stream)
  const recorder = ends.from && record(stream, ends.from)
  const interrupted = await turns(sender, recorder)
  sw.close()
  return {
    stream,
    end: interrupted ? 'interrupted' : sender.frames < plan.count ? 'duration' : 'count',
    error: null,
    wanted: plan.wanted,
    to: ends.to.name,
    from: ends.from?.name ?? null,
    sent: sentTally(sender),
    received: recorder ? receivedTally(recorder, [sender.frames], 0) : null,
  }
}

function portOf(sw: Switch, options: GenerateOptions, which: 'in' | 'out'): MemoryPort {
  const name = options[which] ?? ''
  const port = sw.ports.get(name)
  if (port) return port
  const known = [...sw.ports.keys()].map((each) => JSON.stringify(each)).join(', ')
  throw new LinkspanError('NOT_FOUND', `--${which} ${name}: the config has the ports ${known}`)
}

/** So that the switch knows where the frames go. */
function announce(sw: Switch, port: MemoryPort, mac: Uint8Array): void {
  if ((mac[0] as number) & 1) return
  const frame = new Uint8Array(60)
  frame.set([255, 255, 255, 255, 255, 255, ...mac, 0x88, 0xb5])
  port.send(frame)
  sw.process()
  for (const each of sw.ports.values()) each.take()
}

/** Frames are copied to where they are aligned as the recorder wants them. */
function record(stream: Stream, port: MemoryPort): Recorder {
  const memory = new ArrayBuffer((FRAME_MAX + 64) & ~7)
  const place = new Uint8Array(memory)
  const recorder = new Recorder(stream, memory)
  port.onFrame((frame) => {
    place.set(frame, 2)
    recorder.record(2, frame.length, nanoseconds())
  })
  return recorder
}

/** Until the end or a signal. @returns whether it was a signal */
async function turns(sender: Sender, recorder: Recorder | undefined): Promise<boolean> {
  let interrupted = false
  const interrupt = () => {
    interrupted = true
  }
  const progress = new Progress()
  const live = new Live(progress, recorder !== undefined)
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, interrupt)
  try {
    for (let more = true; more && !interrupted; ) {
      const until = nanoseconds() + SLICE
      while (more && nanoseconds() < until) more = sender.turn()
      progress.sent(0, sender.frames, sender.octets, sender.refused)
      progress.received(recorder?.unique ?? 0, recorder?.seen ?? 0)
      await others()
    }
  } finally {
    live.end()
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, interrupt)
  }
  return interrupted
}
