/**
 * A forwarding worker's thread: piscina calls the default export once, and it runs until it is told
 * to stop. The thread's event loop stands still meanwhile; control speaks to it through shared
 * memory and the eventfd only.
 */
import type { MessagePort } from 'node:worker_threads'
import { Forwarder } from '../dataplane/forwarder.js'
import type { Attachment } from '../dataplane/instance.js'
import { sharedModule } from '../dataplane/shared.js'
import { NativeIo, type Poller } from '../device/native-io.js'
import { monotonicClock } from './clock.js'
import { Loop } from './loop.js'
import { Mailbox } from './mailbox.js'
import { Orders } from './orders.js'
import { warmUp } from './warm.js'

export interface WorkerTask {
  attachment: Attachment
  worker: number
  poller: Poller
  arena: number
  ports: number
  /** What control asks of workers: orders.ts. */
  orders: SharedArrayBuffer
  /** Where the thread says that it is ready, and control writes letters to it. */
  control: MessagePort
}

// As soon as the thread has loaded this file, which may be before there is a task for it.
const warm = sharedModule().then((module) => warmUp(module, 'shared'))

export default async function run(task: WorkerTask): Promise<void> {
  const { attachment, worker, poller, arena, ports, control } = task
  await warm
  const forwarder = new Forwarder(attachment, worker)
  const io = new NativeIo(forwarder, poller, arena, ports)
  const loop = new Loop(forwarder, io, monotonicClock())
  const orders = new Orders(task.orders)
  const mailbox = new Mailbox(control, orders, forwarder)
  control.postMessage('ready')
  while (!orders.stops(worker)) {
    mailbox.look()
    loop.spin.most = orders.spin
    loop.turn()
  }
  forwarder.quiesce()
  control.close()
}
