/** Numbers by which a worker knows whether what it has noted of a packet's way (paths.ts) is as it was. */
import { capacityOf, tableOf } from '../flow/head'
import { Directory, directory, Worker } from '../memory'
import { PATHS_SIZE } from '../size'

/** Where a worker's paths begin; there are none where there is no room for flows over IPv4. */
@inline
export function pathsOf(worker: u32): usize {
  return directory(Directory.PATHS) + <usize>worker * PATHS_SIZE
}

/** A number that this worker has given to nothing that it still goes by; never 0. */
export function nextSerial(worker: u32, block: usize): u32 {
  let serial = load<u32>(block, Worker.SERIAL) + 1
  if (serial == 0) {
    if (capacityOf(tableOf(false)) != 0) memory.fill(pathsOf(worker), 0, PATHS_SIZE)
    serial = 1
  }
  store<u32>(block, serial, Worker.SERIAL)
  return serial
}
