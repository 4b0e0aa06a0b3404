// The release module over a memory, as the packages of the project load it, and the first of its workers.
// What the ports are on is up to who extends this.
import { Bursts } from './bursts.js'

/** What a memory is sized for beside its MACs and workers; the defaults of a config. */
export const capacities = (macs, workers = 1) => ({
  workers,
  ports: 1024,
  bridges: 256,
  vlans: 4096,
  memberships: 65_536,
  macs,
  arena: 4 << 20,
  routes: 0,
  neighbors: 0,
  flows: 0,
  flows6: 0,
  rules: 0,
})

/** Asks for huge pages as a worker does, where there is an addon to ask with. */
function advise(rooms, memory) {
  try {
    return rooms.loadNative().attach(new Uint8Array(memory.buffer))
  } catch (error) {
    if (error.code !== 'ENOSYS') throw error
    return undefined
  }
}

export class Runner extends Bursts {
  constructor(rooms, attachment, workers = 1) {
    const handle = advise(rooms, attachment.memory)
    super(rooms, attachment, 0)
    this.handle = handle
    this.attachment = attachment
    this.manager = new rooms.Manager(attachment, workers)
  }

  /** The memory as it is now. */
  image() {
    return Buffer.from(new Uint8Array(this.memory.buffer).slice())
  }
}
