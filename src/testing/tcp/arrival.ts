/** What an incoming segment does to a connection (RFC 9293 3.10.7, RFC 5961, RFC 7323 5). */
import { EXPECTED, HOLES, STALE } from './receiver.js'
import { ACK, FIN, RST, type Segment, SYN } from './segment.js'
import type { Tcb } from './tcb.js'

/** @returns false where a RST is the answer: it acknowledges what was never sent */
export function arrive(tcb: Tcb, segment: Segment): boolean {
  tcb.heard()
  if (tcb.state === 'SYN-SENT') return inSynSent(tcb, segment)
  const position = tcb.receiver.position(segment.sequence)
  if (tcb.state === 'SYN-RECEIVED' && (segment.flags & SYN) !== 0 && position === 0) {
    return synAgain(tcb, segment)
  }
  if (!isInWindow(tcb, segment, position)) return true
  if ((segment.flags & RST) !== 0) {
    // RFC 5961 3.2: only one that begins exactly there is believed.
    if (position === tcb.receiver.next) tcb.wasReset()
    else suspect(tcb, segment)
    return true
  }
  if ((segment.flags & SYN) !== 0) suspect(tcb, segment)
  else if ((segment.flags & ACK) === 0) tcb.context.counters.drops.unacceptable++
  else return acknowledged(tcb, segment, position)
  return true
}

function suspect(tcb: Tcb, segment: Segment): void {
  tcb.context.counters.drops.unacceptable++
  tcb.challenge(segment)
}

/** RFC 9293 3.10.7.3. */
function inSynSent(tcb: Tcb, segment: Segment): boolean {
  const { flags } = segment
  const hasAck = (flags & ACK) !== 0
  if (hasAck && segment.acknowledgment !== (tcb.output.initial + 1) >>> 0) {
    tcb.context.counters.drops.unacceptable++
    return (flags & RST) !== 0
  }
  if ((flags & RST) !== 0) {
    if (hasAck) tcb.wasReset()
    else tcb.context.counters.drops.unacceptable++
  } else if ((flags & SYN) !== 0) {
    if (hasAck) tcb.synchronize(segment)
    else tcb.answer(segment)
  }
  return true
}

/** The SYN that we know: our answer was lost, or both opened at once and this is theirs. */
function synAgain(tcb: Tcb, segment: Segment): boolean {
  const answers = (segment.flags & ACK) !== 0
  if ((segment.flags & RST) !== 0) return true
  if (!answers) {
    tcb.sendSyn()
    return true
  }
  if (segment.acknowledgment !== (tcb.output.initial + 1) >>> 0) return false
  tcb.sender.take(segment, 0)
  tcb.establish()
  tcb.output.acknowledge()
  tcb.events.opened()
  return true
}

function isInWindow(tcb: Tcb, segment: Segment, position: number): boolean {
  const isReset = (segment.flags & RST) !== 0
  const isOld = !isReset && tcb.timestamps.isOld(segment)
  if (!isOld && tcb.receiver.isAcceptable(position, segment.extent)) return true
  tcb.context.counters.drops.outOfWindow++
  if (isReset) return false
  if (tcb.state === 'TIME-WAIT' && (segment.flags & FIN) !== 0) tcb.timeWait()
  tcb.challenge(segment)
  return false
}

function acknowledged(tcb: Tcb, segment: Segment, position: number): boolean {
  const { sender, receiver } = tcb
  if (tcb.state === 'SYN-RECEIVED') {
    if (segment.acknowledgment !== (tcb.output.initial + 1) >>> 0) return false
    sender.take(segment, position)
    tcb.establish()
    tcb.events.opened()
  } else if (sender.isAcceptable(segment.acknowledgment)) {
    sender.take(segment, position)
  } else {
    suspect(tcb, segment)
    return true
  }
  if (receiver.isAtLastAck(position)) tcb.timestamps.note(segment)
  if (sender.isFinished) tcb.finishKnown()
  if (segment.length > 0 || (segment.flags & FIN) !== 0) text(tcb, segment, position)
  if (tcb.state !== 'CLOSED' && tcb.state !== 'TIME-WAIT') proceed(tcb)
  return true
}

function text(tcb: Tcb, segment: Segment, position: number): void {
  const { receiver, output } = tcb
  if (receiver.isFinished || tcb.state === 'CLOSED') return
  const before = receiver.next
  const verdict = receiver.accept(segment, position)
  if (verdict === HOLES) tcb.context.counters.drops.holes++
  if (verdict === STALE) tcb.context.counters.drops.outOfWindow++
  if (receiver.isFinished) tcb.finishHeard()
  if (verdict !== EXPECTED) output.acknowledge()
  if (receiver.next > before) tcb.events.readable()
}

/** Sends what may be sent now, and the ACK that is due. */
function proceed(tcb: Tcb): void {
  const { sender, receiver, output } = tcb
  sender.push()
  if (!receiver.owesAck) return
  if (receiver.mustAcknowledge) output.acknowledge()
  else output.acknowledgeLater(tcb.settings.delayedAck)
}
