/**
 * The threads of `linkspan generate`: one sends, one receives, neither has an event loop to tend
 * meanwhile. They are told to stop, and tell how far they are, through shared memory.
 */
import { parentPort, workerData } from 'node:worker_threads'
import type { PlaceName, Way } from '../device/traffic/place.js'
import { openReceiver } from '../device/traffic/receiver.js'
import { NativeTransmitter } from '../device/traffic/transmitter.js'
import { CLOCK, Filler, LIST, VIRTIO_HEADER } from '../generate/filler.js'
import { Progress } from '../generate/progress.js'
import { Recorder } from '../generate/recorder.js'
import type { ReceiverTally, SenderTally } from '../generate/report.js'
import { Sender } from '../generate/sender.js'
import type { Part, Sending, Stream } from '../generate/stream.js'
import { receivedTally, sentTally } from '../generate/tally.js'
import { warmUp } from '../generate/warm.js'

export interface ThreadTask {
  role: 'send' | 'receive'
  name: PlaceName
  way: Way
  stream: Stream
  sending: Sending
  progress: SharedArrayBuffer
  /** Which of the senders; of the receiver: how many there are. */
  part: Part
}

/** `failed` is an errno, 0: none. Each thread says that it is ready first. */
export interface SentMessage {
  sent: SenderTally
  failed: number
  /** False where it was told to stop. */
  done: boolean
}

export interface ReceivedMessage {
  received: ReceiverTally
  failed: number
}

const say = (message: { ready: true } | SentMessage | ReceivedMessage) =>
  parentPort?.postMessage(message)

function send({ name, way, stream, sending, part }: ThreadTask, progress: Progress): void {
  const filler = new Filler(stream, way.kind === 'tap' ? VIRTIO_HEADER : 0, part)
  const layout = { list: LIST, clock: CLOCK }
  const transmitter = new NativeTransmitter(name, way, filler.memory, layout)
  const sender = new Sender(filler, transmitter, sending, stream, part)
  say({ ready: true })
  progress.awaitStart()
  let more = true
  try {
    while (!progress.stopped && more) {
      more = sender.turn()
      progress.sent(part.index, sender.frames, sender.octets, sender.refused)
    }
  } finally {
    transmitter.close()
  }
  say({ sent: sentTally(sender), failed: sender.failed, done: !more })
}

function receive({ name, way, stream, part }: ThreadTask, progress: Progress): void {
  const receiver = openReceiver(name, way)
  const recorder = new Recorder(stream, receiver.memory)
  const record = recorder.record.bind(recorder)
  let [failed, drops] = [0, 0]
  say({ ready: true })
  try {
    while (!progress.receiverStopped && failed === 0) {
      const count = receiver.read(record)
      if (count < 0) failed = -count
      progress.received(recorder.unique, recorder.seen)
    }
    if (failed === 0) drops = receiver.drops()
  } finally {
    receiver.close()
  }
  const sent = progress.frames(part.of)
  say({ received: receivedTally(recorder, sent, drops), failed })
}

const task = workerData as ThreadTask
warmUp(task.stream)
const progress = new Progress(task.progress)
if (task.role === 'send') send(task, progress)
else receive(task, progress)
