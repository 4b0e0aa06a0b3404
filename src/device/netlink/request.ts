/**
 * Requests and their answers, synchronously: the kernel has handled a request when `send` returns,
 * and makes the rest of a dump when asked for it, so that nothing is ever waited for.
 */
import { constants } from 'node:os'
import { getSystemErrorMap } from 'node:util'
import { DeviceError } from '../error.js'
import { loadNative } from '../native.js'
import { NLM_F, NLMSG, NLMSGERR_ATTR_MSG } from './constants.js'
import {
  decodeAttributes,
  decodeMessages,
  encodeMessage,
  type Message,
  readCString,
  viewOf,
} from './message.js'

/** What a request is: its type, its name for errors, and what it is about. */
export interface Request {
  type: number
  name: string
  /** The interface, in words. */
  about: string
  /** NLM_F_* beyond REQUEST and ACK. */
  flags?: number
  body: Uint8Array
}

/** More than the kernel puts into one datagram of a dump (32 KiB). */
const BUFFER_SIZE = 65536
/** The length of nlmsgerr: i32 error and the header of the request. */
const ERROR_HEADER = 20
/** A dump that others keep changing under us is taken as it is after so many tries. */
const DUMP_TRIES = 8

/** One buffer a thread: an answer is used up before the next request. */
let buffer: Uint8Array | undefined

/** The next datagram, as a view that the next call overwrites; -errno when there is none. */
export function receive(fd: number): Uint8Array | number {
  buffer ??= new Uint8Array(BUFFER_SIZE)
  const length = loadNative().netlinkReceive(fd, buffer)
  return length < 0 ? length : buffer.subarray(0, length)
}

export class RequestSocket {
  #fd: number
  #sequence = 0

  constructor(namespaceFd: number) {
    this.#fd = loadNative().netlinkOpen(namespaceFd, 0)
  }

  /** Sends, and returns what answers: nothing but the acknowledgement for a change. */
  request<T>(request: Request, decode: (message: Message) => T): T[] {
    this.#send(request, NLM_F.ACK)
    return this.#answers(request, decode).answers
  }

  /** All that there is; asked again while it changed during the dump (NLM_F_DUMP_INTR). */
  dump<T>(request: Request, decode: (message: Message) => T): T[] {
    for (let tries = 1; ; tries++) {
      this.#send(request, NLM_F.DUMP)
      const { answers, interrupted } = this.#answers(request, decode)
      if (!interrupted || tries === DUMP_TRIES) return answers
    }
  }

  #send({ type, flags = 0, body }: Request, kind: number): void {
    this.#sequence = (this.#sequence + 1) >>> 0
    const message = {
      type,
      flags: NLM_F.REQUEST | kind | flags,
      sequence: this.#sequence,
      payload: body,
    }
    loadNative().netlinkSend(this.#fd, encodeMessage(message))
  }

  #answers<T>(request: Request, decode: (message: Message) => T) {
    const answers: T[] = []
    let interrupted = false
    for (;;) {
      for (const message of decodeMessages(this.#receive(request))) {
        // What an earlier request that failed has left behind.
        if (message.sequence !== this.#sequence) continue
        if ((message.flags & NLM_F.DUMP_INTR) !== 0) interrupted = true
        if (message.type === NLMSG.ERROR || message.type === NLMSG.DONE) {
          throwIfFailed(request, message)
          return { answers, interrupted }
        }
        answers.push(decode(message))
      }
    }
  }

  #receive(request: Request): Uint8Array {
    const datagram = receive(this.#fd)
    if (typeof datagram === 'number') throw failure(request, -datagram, 'no answer')
    return datagram
  }

  close(): void {
    if (this.#fd < 0) return
    loadNative().close(this.#fd)
    this.#fd = -1
  }
}

/** Error 0 is the acknowledgement; DONE carries the error of a dump. */
function throwIfFailed(request: Request, { type, flags, payload }: Message): void {
  const error = payload.length < 4 ? 0 : -viewOf(payload).getInt32(0, true)
  if (error !== 0) throw failure(request, error, explanation(type, flags, payload))
}

/** The kernel's own words (NLMSGERR_ATTR_MSG), behind the request where that is repeated. */
function explanation(type: number, flags: number, payload: Uint8Array): string {
  if ((flags & NLM_F.ACK_TLVS) === 0) return ''
  const repeated = viewOf(payload)
  const capped = (flags & NLM_F.CAPPED) !== 0
  const start =
    type === NLMSG.DONE ? 4 : capped ? ERROR_HEADER : 4 + ((repeated.getUint32(4, true) + 3) & ~3)
  return readCString(decodeAttributes(payload.subarray(start)).get(NLMSGERR_ATTR_MSG))
}

function failure({ name, about }: Request, errno: number, explained: string): DeviceError {
  const [code, text] = nameOf(errno)
  const because = explained === '' ? text : `${text} (${explained.replace(/\.$/, '')})`
  const call = { errno: -errno, syscall: name, device: about }
  return new DeviceError(code, `${name} on '${about}': ${code}, ${because}`, call)
}

function nameOf(errno: number): [code: string, text: string] {
  // libuv does not know this one, which an unsupported operation of a driver gives.
  if (errno === constants.errno.EOPNOTSUPP) return ['EOPNOTSUPP', 'operation not supported']
  return getSystemErrorMap().get(-errno) ?? [`E${errno}`, 'unknown error']
}
