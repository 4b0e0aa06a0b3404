/** What a failed write counts as. Numbers are Linux's (<asm-generic/errno.h>). */
import { drops } from '../dataplane/generated/drops.js'

type Reason = (typeof drops)[number]['name']

function codeOf(name: Reason): number {
  return (drops.find((drop) => drop.name === name) as { code: number }).code
}

const FULL = codeOf('device-full')
const DOWN = codeOf('device-down')
const REFUSED = codeOf('device-refused')
const TOO_BIG = codeOf('underlay-too-big')
const UNREACHABLE = codeOf('underlay-unreachable')

const reasons = new Map([
  [2, DOWN], // ENOENT: a datagram's addressee, whose path is gone
  [11, FULL], // EAGAIN
  [12, FULL], // ENOMEM
  [105, FULL], // ENOBUFS
  [5, DOWN], // EIO: a TAP whose interface is down
  [19, DOWN], // ENODEV
  [32, DOWN], // EPIPE: a client that hung up
  [77, DOWN], // EBADFD: a TAP whose interface was deleted
  [100, DOWN], // ENETDOWN
  [104, DOWN], // ECONNRESET: a client that hung up without having read all
  [107, DOWN], // ENOTCONN: datagrams have no addressee yet
  [111, DOWN], // ECONNREFUSED: a datagram's addressee has gone
])

/** Where the device is the underlay, and the errno tells of the way to a peer. */
const ofTheUnderlay = new Map([
  [64, UNREACHABLE], // ENONET: ICMP says that the host is isolated
  [90, TOO_BIG], // EMSGSIZE
  [101, UNREACHABLE], // ENETUNREACH
  [111, UNREACHABLE], // ECONNREFUSED: nobody listens there
  [112, UNREACHABLE], // EHOSTDOWN
  [113, UNREACHABLE], // EHOSTUNREACH
])

/** The code of the drop reason for an errno. */
export function failureReason(errno: number, underlay = false): number {
  return (underlay ? ofTheUnderlay.get(errno) : undefined) ?? reasons.get(errno) ?? REFUSED
}
