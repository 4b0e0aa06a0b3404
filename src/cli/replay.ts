/** `linkspan replay`: a recording again, on a packet path of its own; no switch has to run. */
import { writeFile } from 'node:fs/promises'
import { LinkspanError } from '../error.js'
import { PcapngWriter } from '../packet/capture/pcapng-writer.js'
import { dissect } from '../packet/dissect/dissect.js'
import { openRecording, type Recording } from '../recording/recording.js'
import type { ExplainedFrame, Replay, ReplayedFrame, ReplayResult } from '../recording/replay.js'
import { readOctets, writing } from './file.js'

export interface ReplayOptions {
  until?: number
  write?: string
  print?: boolean
  cut?: boolean
  json?: boolean
}

export async function replay(path: string, options: ReplayOptions): Promise<void> {
  try {
    await replayed(path, options)
  } catch (error) {
    if (!(error instanceof LinkspanError) || error.code !== 'RECORDING') throw error
    const what = error.message.replace('{ cut: true }', '--cut')
    throw new LinkspanError(error.code, `${path}: ${what}`, { cause: error })
  }
}

async function replayed(path: string, options: ReplayOptions): Promise<void> {
  const recording = await openRecording(readOctets(path), { cut: options.cut ?? false })
  const { until, json } = options
  if (until !== undefined && until >= recording.frames) {
    const has = recording.frames === 0 ? 'none came in' : `it has 0 to ${recording.frames - 1}`
    throw new LinkspanError('USAGE', `replay: --until ${until}: no such frame in ${path}, ${has}`)
  }
  const replay = recording.replay()
  const file = options.write === undefined ? undefined : new Frames(recording)
  replay.onFrame = (frame) => {
    file?.take(frame)
    if (options.print) console.log(lineOf(recording, frame))
  }
  const explained = until === undefined ? undefined : replay.explain(until)
  const result = replay.run(until)
  if (options.write !== undefined && file)
    await writing(options.write, writeFile(options.write, file.bytes(), { mode: 0o600 }))
  if (json) printJson(recording, result, explained)
  else printText(recording, replay, result, explained)
  if (!result.identical) process.exitCode = 1
}

/** What came in and went out, as pcapng, at the times of the recording. */
class Frames {
  readonly #writer = new PcapngWriter()
  readonly #interfaces = new Map<string, number>()

  constructor(private readonly recording: Recording) {
    this.#writer.section({ application: 'Linkspan' })
  }

  take({ port, frame, direction, time }: ReplayedFrame): void {
    let index = this.#interfaces.get(port)
    if (index === undefined) {
      index = this.#interfaces.size
      this.#interfaces.set(port, index)
      this.#writer.interface({ name: port })
    }
    const at = BigInt(Math.round(wallTime(this.recording, time) * 1e6))
    this.#writer.packet(frame, { interface: index, time: at, direction })
  }

  bytes(): Uint8Array {
    return this.#writer.take()
  }
}

/** Milliseconds since 1970; a recording in virtual time begins there. */
function wallTime({ head }: Recording, time: number): number {
  return head.started === null ? time : Date.parse(head.started) + time - head.now
}

function lineOf(
  recording: Recording,
  { index, time, port, direction, frame }: ReplayedFrame,
): string {
  const at = ((time - recording.head.now) / 1000).toFixed(6).padStart(12)
  const arrow = direction === 'receive' ? '>' : '<'
  const words = dissect(frame).map(({ text }) => text)
  return `${at} ${(index === undefined ? '' : `#${index}`).padEnd(7)} ${port} ${arrow} ${words.join(' | ')}`
}

function printText(
  recording: Recording,
  replay: Replay,
  result: ReplayResult,
  explained: ExplainedFrame | undefined,
): void {
  const { head, end } = recording
  const seconds = ((result.now - head.now) / 1000).toFixed(3)
  const made = head.started === null ? 'in virtual time' : head.started
  console.log(
    `recorded ${made}, ${recording.frames} frames came in, ended: ${end?.reason ?? 'cut'}`,
  )
  if (!recording.sameModule) {
    console.log('by another version of the packet path: what it does may differ from then')
  }
  const frames = `${result.frames} frames, ${seconds} s`
  if (result.trapped) console.log(`replayed ${frames}: ${result.trapped} trapped`)
  else if (result.identical) console.log(`replayed ${frames}: identical`)
  else console.log(`replayed ${frames}: ${differenceOf(result)}`)
  if (explained) console.log(textOf(recording, explained))
  else for (const drop of dropsOf(replay)) console.log(`dropped ${drop}`)
}

function differenceOf({ difference, differences }: ReplayResult): string {
  if (!difference) return 'identical'
  const { frame, call, what, recorded, replayed } = difference
  const first = `before frame ${frame} ${call} had ${what} ${recorded}, and now ${replayed}`
  return `${differences} differences, the first: ${first}`
}

function* dropsOf({ manager, names }: Replay): Generator<string> {
  for (const [number, name] of Object.entries(names.ports)) {
    for (const { reason, frames } of manager.portDrops(Number(number))) {
      yield `${frames} of ${name}: ${reason}`
    }
  }
}

function textOf(recording: Recording, explained: ExplainedFrame): string {
  const { outputs, drops, learned, moved, unlearned } = explained
  const source = { learned, moved, 'not learnt for want of room': unlearned }
  const became = Object.entries(source).flatMap(([what, is]) => (is ? [what] : []))
  const out = outputs.map(({ port, frame }) => {
    return `-> ${port}: ${dissect(frame)
      .map(({ text }) => text)
      .join(' | ')}`
  })
  const dropped = drops.map(({ port, reason, text }) => `dropped: ${reason} (${port}): ${text}`)
  return [
    lineOf(recording, explained),
    ...became.map((what) => `its source is ${what}`),
    ...out,
    ...dropped,
  ].join('\n')
}

function printJson(recording: Recording, result: ReplayResult, explained?: ExplainedFrame): void {
  const { head, end, frames, sameModule } = recording
  const { started, now, config } = head
  const about = { started, now, frames, sameModule, reason: end?.reason ?? null, config }
  const hex = (octets: Uint8Array) => Buffer.from(octets).toString('hex')
  const frame = explained && {
    ...explained,
    frame: hex(explained.frame),
    header: hex(explained.header),
    outputs: explained.outputs.map(({ port, frame: sent }) => ({ port, frame: hex(sent) })),
  }
  const difference = result.difference ?? null
  console.log(JSON.stringify({ recording: about, result: { ...result, difference }, frame }))
}
