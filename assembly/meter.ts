/**
 * Meters: what a port may send, receive or flood in a time. Each is the generic cell rate algorithm
 * (ITU-T I.371 annex A) as a virtual schedule: one word a meter, the time at which all that was let
 * through would have been sent at the rate, which may run ahead of the clock by the burst. One
 * exchange takes a frame in, so workers share a meter without a lock; a frame that comes while there
 * is any room passes whole, however long it is, and the rate holds on average.
 */
import { Directory, directory } from './memory'
import { PORT_SHARED_SIZE } from './size'

/** The meters of a port; the first three are the classes of Flood. The same in src/dataplane/abi.ts. */
export namespace Meter {
  export const RECEIVE_OCTETS: u32 = 3
  export const RECEIVE_FRAMES: u32 = 4
  export const TRANSMIT_OCTETS: u32 = 5
  export const TRANSMIT_FRAMES: u32 = 6
}

/**
 * A rate, in the port's record, u64 each: the time a unit takes (0: no limit) and that of a burst, in
 * 1/64 ns. Whole numbers, so that it does not matter whether frames are taken in one by one or together.
 */
export namespace Rate {
  export const COST: usize = 0
  export const BURST: usize = 8
}
export const RATE_SIZE: usize = 16
/** Units of time a millisecond, and a nanosecond. */
const MILLISECOND: f64 = 64e6
export const NANOSECOND: f64 = 64

/** Where the words of a port's meters begin among its shared words. */
const STATES: usize = 64

@inline
function stateOf(port: u32, which: u32): usize {
  return directory(Directory.PORTS) + <usize>port * PORT_SHARED_SIZE + STATES + (which << 3)
}

/** Forgets what was let through at another rate: the debt of a slow one would outlast its end. */
export function resetMeter(port: u32, which: u32): void {
  atomic.store<u64>(stateOf(port, which), 0)
}

/** Takes `units` from meter `which` of a port if it has room at `now`; `rates` are in its record. */
export function conforms(rates: usize, port: u32, which: u32, units: u32, now: f64): bool {
  const rate = rates + <usize>which * RATE_SIZE
  const cost = load<u64>(rate, Rate.COST)
  if (cost == 0) return true
  const burst = load<u64>(rate, Rate.BURST)
  const state = stateOf(port, which)
  const clock = <u64>(now * MILLISECOND)
  while (true) {
    const scheduled = atomic.load<u64>(state)
    const base = max(scheduled, clock)
    if (base - clock >= burst) return false
    if (atomic.cmpxchg<u64>(state, scheduled, base + cost * units) == scheduled) return true
  }
}

/** True if `units` in any number of frames would all conform. */
export function hasRoom(rates: usize, port: u32, which: u32, units: u32, now: f64): bool {
  const rate = rates + <usize>which * RATE_SIZE
  const clock = <u64>(now * MILLISECOND)
  const base = max(atomic.load<u64>(stateOf(port, which)), clock)
  const cost = load<u64>(rate, Rate.COST)
  return cost == 0 || base - clock + cost * units < load<u64>(rate, Rate.BURST)
}
