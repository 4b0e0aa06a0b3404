/**
 * Transmit lists: what `process` and `tick` leave for the device layer, in order. An entry of 32
 * bytes says which octets go to which ports:
 *
 *    0 head u32   4 headLength u32   8 body u32   12 bodyLength u32
 *   16 ports u32 (address of u32 port numbers)   20 portCount u32   24 except u32   28 tunnel u32
 *
 * `head` begins with the virtio-net header. Where the body follows the head, it is counted with
 * it, and bodyLength is 0. Where `body` is BARE the virtio-net header is not there yet: whoever writes
 * the entry fills it with zeros just before, since an entry that stands before it ends in its place. `except` is the port that is left out of the list (the ingress of a
 * flood), NO_PORT for none. `tunnel` is the number and one of the port whose frame a datagram of the
 * underlay holds, 0 for none: captures ask for it. Lists stay valid until the next call for the same worker.
 */
import { Directory, directory, Worker } from './memory'
import { TRANSMIT_MAX } from './size'

export const TRANSMIT_SIZE: usize = 32
/**
 * Set in the number of entries that `process`, `resume` and `tick` return when not all is done: call
 * `resume` for the rest.
 */
export const MORE: u32 = 0x80000000
export const NO_PORT: u32 = 0xffffffff
/** In place of a body: see above (the same in native/abi.h and src/dataplane/abi.ts). */
export const BARE: usize = 1

/** Appends octets that lie in one piece, or in two; false when the list is full. */
@inline
export function append(
  block: usize,
  count: u32,
  head: usize,
  headLength: u32,
  body: usize,
  bodyLength: u32,
  ports: usize,
  portCount: u32,
  except: u32,
): bool {
  if (count >= TRANSMIT_MAX) return false
  const entry = block + Worker.TRANSMIT + <usize>count * TRANSMIT_SIZE
  put(entry, head, headLength, body, bodyLength, ports, portCount, except)
  return true
}

/** Writes an entry. */
@inline
export function put(
  entry: usize,
  head: usize,
  headLength: u32,
  body: usize,
  bodyLength: u32,
  ports: usize,
  portCount: u32,
  except: u32,
): void {
  store<u64>(entry, <u64>head | ((<u64>headLength) << 32))
  store<u64>(entry, <u64>body | ((<u64>bodyLength) << 32), 8)
  store<u64>(entry, <u64>ports | ((<u64>portCount) << 32), 16)
  store<u64>(entry, <u64>except, 24) // of no tunnel
}

/** Notes that entry number `count` is a datagram of the tunnel whose port is given. */
@inline
export function ofTunnel(block: usize, count: u32, port: u32): void {
  mark(block + Worker.TRANSMIT + <usize>count * TRANSMIT_SIZE, port)
}

/** The same of an entry. */
@inline
export function mark(entry: usize, port: u32): void {
  store<u32>(entry, port + 1, 28)
}

/** A list of `port` alone. */
@inline
export function only(port: u32): usize {
  return directory(Directory.IDENTITY) + ((<usize>port) << 2)
}
