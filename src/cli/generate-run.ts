/** A run on interfaces: they are opened, a thread sends, another receives, both are waited for. */
import { setTimeout as sleep } from 'node:timers/promises'
import { getSystemErrorName } from 'node:util'
import { openPlace, type Place, type PlaceName, parsePlace } from '../device/traffic/place.js'
import { LinkspanError } from '../error.js'
import { Progress } from '../generate/progress.js'
import type { End, Outcome } from '../generate/report.js'
import type { Part, Stream } from '../generate/stream.js'
import { sumOfTallies } from '../generate/tally.js'
import type { Run } from './generate.js'
import { announce, resolveMacs } from './generate-address.js'
import { Live } from './generate-live.js'
import { streamOf, usage } from './generate-plan.js'
import type { ReceivedMessage, SentMessage } from './generate-thread.js'
import { startThread, type Thread } from './generate-threads.js'

export interface Ends {
  to: Place
  from: Place | undefined
}

export async function runOnInterfaces(run: Run): Promise<Outcome> {
  const { to = '', from } = run.options
  const names = { to: parsePlace(to), from: from === undefined ? undefined : parsePlace(from) }
  if (names.from?.tap && names.from.ifname === names.to.ifname && names.to.tap) {
    throw usage('--to and --from are one TAP: what is written to it is not read from it')
  }
  const opened: Place[] = []
  const open = (name: PlaceName) => {
    const place = openPlace(name)
    opened.push(place)
    return place
  }
  try {
    // A TAP that is made may be the interface that the other end names.
    const tapFirst = names.from?.tap ? open(names.from) : undefined
    const toPlace = open(names.to)
    const fromPlace = tapFirst ?? (names.from && open(names.from))
    return await runBetween(run, { to: toPlace, from: fromPlace })
  } finally {
    for (const place of opened) place.close()
  }
}

/** What the kernel would refuse, frame by frame. */
function checkSizes({ traffic }: Run, { to }: Ends): void {
  const isFlow = traffic.kind === 'flow'
  const sizes = isFlow ? traffic.sizes : traffic.file.frames.map(({ length }) => length)
  const largest = sizes.reduce((most, size) => Math.max(most, size), 0)
  // A packet socket lets a frame with a VLAN tag be four octets longer (af_packet.c).
  const most = to.link.mtu + 14 + (isFlow && traffic.tags.length === 0 ? 0 : 4)
  if (largest <= most) return
  const found = `a frame of ${largest} octets; ${to.name.text} has MTU ${to.link.mtu}`
  throw new LinkspanError('INVALID', `${found}, which is frames of ${most}: send smaller ones`)
}

async function runBetween(run: Run, ends: Ends): Promise<Outcome> {
  checkSizes(run, ends)
  const { traffic, options } = run
  const macs = await resolveMacs(traffic, options, ends)
  const stream = streamOf(traffic, options, macs)
  await announce(traffic, macs, ends)
  const session = new Session(run, ends, stream)
  try {
    return await session.run()
  } finally {
    await session.end()
  }
}

/** The threads of one run, and how it ends. */
class Session {
  readonly #run: Run
  readonly #ends: Ends
  readonly #stream: Stream
  readonly #progress = new Progress()
  readonly #live: Live
  readonly #threads: Thread<unknown>[] = []
  #interrupted = false
  readonly #interrupt = () => {
    this.#interrupted = true
    this.#progress.stop()
  }

  constructor(run: Run, ends: Ends, stream: Stream) {
    this.#run = run
    this.#ends = ends
    this.#stream = stream
    this.#live = new Live(this.#progress, ends.from !== undefined)
  }

  async run(): Promise<Outcome> {
    const { to, from } = this.#ends
    const { threads } = this.#run.plan
    const receiver =
      from && (await this.#start<ReceivedMessage>('receive', from, { index: 0, of: threads }))
    const senders: Thread<SentMessage>[] = []
    for (let index = 0; index < threads; index++) {
      senders.push(await this.#start<SentMessage>('send', to, { index, of: threads }))
    }
    for (const signal of SIGNALS) process.once(signal, this.#interrupt)
    this.#progress.start()
    // A receiver that ends by itself has lost its interface: nothing is sent for nobody.
    void receiver?.result.then(() => this.#progress.stop()).catch(() => this.#progress.stop())
    const { sent, failed, done } = await this.#sent(senders)
    if (receiver && failed === 0) await this.#drained(receiver)
    this.#progress.stopReceiver()
    const answer = await receiver?.result
    const error = failure(failed, to, 'took no more frames') ?? lost(answer, from)
    const reason = this.#interrupted || !done ? 'interrupted' : this.#endOf(sent.frames)
    return {
      stream: this.#stream,
      end: error === null ? reason : 'failed',
      error,
      wanted: this.#run.plan.wanted,
      to: to.name.text,
      from: from?.name.text ?? null,
      sent,
      received: answer?.received ?? null,
    }
  }

  /** One that fails ends all. */
  async #sent(senders: readonly Thread<SentMessage>[]): Promise<SentMessage> {
    const messages = await Promise.all(
      senders.map(async ({ result }) => {
        const message = await result
        if (message.failed !== 0) this.#progress.stop()
        return message
      }),
    )
    const failed = messages.find((message) => message.failed !== 0)?.failed ?? 0
    const done = messages.every((message) => message.done)
    return { sent: sumOfTallies(messages.map(({ sent }) => sent)), failed, done }
  }

  async #start<Message>(
    role: 'send' | 'receive',
    { name, way }: Place,
    part: Part,
  ): Promise<Thread<Message>> {
    const { batch, count, duration, timing } = this.#run.plan
    const sending = { batch, count, duration, timing }
    const shared = { stream: this.#stream, sending, progress: this.#progress.shared }
    const thread = startThread<Message>({ role, name, way, part, ...shared })
    this.#threads.push(thread)
    await thread.ready
    return thread
  }

  #endOf(frames: number): End {
    const { plan, traffic } = this.#run
    if (frames < plan.count) return 'duration'
    return traffic.kind === 'file' && frames === traffic.file.frames.length ? 'file' : 'count'
  }

  /** Until all that was sent is there and nothing follows, or nothing has come for a while. */
  async #drained(receiver: Thread<unknown>): Promise<void> {
    let over = false
    void receiver.result.then(() => {
      over = true
    })
    let [seen, quiet] = [-1, 0]
    while (!over) {
      const view = this.#progress.view()
      if (view.seen !== seen) [seen, quiet] = [view.seen, performance.now()]
      const waited = (performance.now() - quiet) * 1e6
      const complete = view.unique >= view.frames
      if (waited >= (complete ? Math.min(AFTER, this.#run.drain) : this.#run.drain)) return
      await sleep(5)
    }
  }

  async end(): Promise<void> {
    for (const signal of SIGNALS) process.off(signal, this.#interrupt)
    this.#live.end()
    this.#progress.stop()
    this.#progress.stopReceiver()
    await Promise.allSettled(this.#threads.map(({ result }) => result))
  }
}

const SIGNALS = ['SIGINT', 'SIGTERM'] as const

/** Duplicates come after what they are of, nanoseconds. */
const AFTER = 50e6

/** @param errno 0: none */
function failure(errno: number, { name }: Place, what: string): string | null {
  if (errno === 0) return null
  const code = getSystemErrorName(-errno)
  const gone = ['ENXIO', 'ENODEV', 'ENETDOWN', 'EIO', 'EBADFD', 'EBADF'].includes(code)
  return `${name.text} ${what} (${code})${gone ? ': it was deleted, moved or set down' : ''}`
}

function lost(answer: ReceivedMessage | undefined, from: Place | undefined): string | null {
  if (answer === undefined || from === undefined) return null
  return failure(answer.failed, from, 'gave no more frames')
}
