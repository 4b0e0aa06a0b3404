/** Which port of an external address an inside endpoint gets (RFC 4787 section 4, RFC 6056). */
import { draw, Head, scramble } from '../flow/head'
import { cellOf, claim, mappingAt } from '../flow/mapping'
import { NatFlag, Source } from './config'
import { publishedOf } from './publish'

const TCP: u32 = 6
const UDP: u32 = 17
/** Ports tried before a range counts as exhausted for the rest of the tick: of a smaller one all. */
const TRIES: u32 = 1024
/** A prime above every range: steps of it meet each port of a range once. */
const STEP: u32 = 2_147_483_647
const WELL_KNOWN: u32 = 1024

/** In place of a port: a range has none that fits. */
export const NO_PORT: u32 = 0x10000

/** The ports that a rule (0: none in particular) has for a port (host order): the lowest, above the highest. */
function rangeFor(rule: usize, port: u32, protocol: u32): u32 {
  if (protocol != TCP && protocol != UDP) return 0xffff0000
  const low: u32 = rule == 0 ? WELL_KNOWN : <u32>load<u16>(rule, Source.FIRST_PORT)
  const high: u32 = rule == 0 ? 0xffff : <u32>load<u16>(rule, Source.LAST_PORT)
  const reserved = port < WELL_KNOWN && low == WELL_KNOWN && high == 0xffff
  return reserved ? 1 | ((WELL_KNOWN - 1) << 16) : low | (high << 16)
}

/** Of a range the lowest port of the parity that is asked for. */
@inline
function lowestOf(range: u32, port: u32, flags: u32): u32 {
  const low = range & 0xffff
  return (flags & NatFlag.PARITY) != 0 ? low + ((low ^ port) & 1) : low
}

@inline
function strideOf(flags: u32): u32 {
  return (flags & NatFlag.PARITY) != 0 ? 2 : 1
}

/**
 * The port that an inside endpoint gets if it is free: its own where the rule wants that, else one that
 * the endpoint and the time choose by a keyed hash (RFC 6056). It can so be told before.
 */
export function likelyPort(
  rule: usize,
  endpoint: u64,
  port: u32,
  protocol: u32,
  flags: u32,
  tick: u32,
): u32 {
  const range = rangeFor(rule, port, protocol)
  const high = range >> 16
  if ((flags & NatFlag.PRESERVE) != 0 && port >= (range & 0xffff) && port <= high) return port
  const low = lowestOf(range, port, flags)
  if (low > high) return NO_PORT
  const stride = strideOf(flags)
  const drawn = <u32>(scramble(endpoint + <u64>tick) >> 32)
  return low + (drawn % ((high - low) / stride + 1)) * stride
}

/**
 * Takes a free port: the likely one, else one at random (RFC 6056), of the class of the inside one (RFC
 * 4787 REQ-3; 0 to 1023 or above), of its parity where the rule says so. Returns its cell plus 1, or 0.
 */
@inline
export function choosePort(
  table: usize,
  rules: usize,
  rule: usize,
  slot: u32,
  likely: u32,
  port: u32,
  protocol: u32,
  flags: u32,
  tick: u32,
): u32 {
  if (likely != NO_PORT) {
    const cell = take(table, rules, slot, protocol, likely)
    if (cell != 0) return cell
  }
  const range = rangeFor(rule, port, protocol)
  // Who goes on asking an exhausted range must not make everybody wait for the search.
  const searched = ((<u64>(cellOf(slot, protocol, range & 0xffff) + 1)) << 32) | <u64>tick
  if (load<u64>(table, Head.EXHAUSTED) == searched) return 0
  const high = range >> 16
  const low = lowestOf(range, port, flags)
  if (low > high) return 0
  const stride = strideOf(flags)
  const count = (high - low) / stride + 1
  let at = draw(table) % count
  // In a larger one steps of one length would meet the same taken ports again and again.
  const step = count <= TRIES ? STEP % count : (draw(table) % (count - 1)) | 1
  for (let tried: u32 = 0; tried < min(count, TRIES); tried++) {
    const cell = take(table, rules, slot, protocol, low + at * stride)
    if (cell != 0) return cell
    at = (at + step) % count
  }
  store<u64>(table, searched, Head.EXHAUSTED)
  return 0
}

/** Takes a port if it is free and not published; returns its cell plus 1, or 0. */
function take(table: usize, rules: usize, slot: u32, protocol: u32, port: u32): u32 {
  const cell = cellOf(slot, protocol, port)
  const mapping = mappingAt(table, cell)
  if (load<u32>(mapping) != 0) return 0
  if (publishedOf(rules, slot, protocol, port) != 0) return 0
  return claim(mapping) ? cell + 1 : 0
}
