// What a MAC costs, all in, and that as many fit as were promised.
import { randomBytes } from 'node:crypto'
import { HouseError } from '../../scripts/lib/house.js'
import { dataplane } from '../lib/pipeline/dataplane.js'
import { capacities } from '../lib/pipeline/runner.js'

const MACS = 1_000_000

/** Fills a table of rated capacity with random MACs; every one has to find room. */
function fill({ Manager }, attachment) {
  const manager = new Manager(attachment, 1)
  const bytes = randomBytes(MACS * 4)
  const seen = new Set()
  for (let index = 0; seen.size < MACS; index++) {
    // A number that came before: any other will do.
    const macLow = index < MACS ? bytes.readUInt32LE(index * 4) : index
    if (seen.has(macLow)) continue
    seen.add(macLow)
    manager.fdb.set({ fid: 1, port: 0, macHigh: 0x0200, macLow, static: true }, 0)
  }
  const count = manager.exports.fdbCount()
  if (count !== MACS) throw new HouseError(`bench: ${count} of ${MACS} MACs are in the FDB`)
}

/** @type {import('../lib/figure.js').Figure} */
export const figure = {
  name: 'memory',
  title: 'Memory a MAC at 1,000,000 MACs',
  unit: 'bytes',
  better: 'less',
  needs: {},
  rounds: 1,
  method:
    'What the linear memory grows by when the FDB is sized for 1,000,000 MACs more, divided by that; 1,000,000 random MACs are inserted, and all find room.',
  targets: [{ of: 'linkspan', atMost: 32 }],
  async setUp() {
    const rooms = await dataplane()
    const module = await rooms.sharedModule()
    const measure = () => {
      const size = (macs) => rooms.memorySize(module, 'shared', capacities(macs))
      const seed = [randomBytes(4).readUInt32LE(0), randomBytes(4).readUInt32LE(0)]
      const memory = rooms.createMemory(module, 'shared', capacities(MACS), seed)
      fill(rooms, { module, memory })
      return { value: (size(2 * MACS) - size(MACS)) / MACS }
    }
    return { contestants: [{ name: 'linkspan', label: 'Linkspan', measure }] }
  },
}
