/** A worker that takes the place of one that died does not go on with what that one had begun. */
import { expect, test } from 'vitest'
import { BURST_MAX } from '../../src/dataplane/abi.js'
import { onEveryBuild } from '../support/builds.js'
import { udp } from '../support/nat-packets.js'
import { Rig } from '../support/rig.js'

/** Of assembly/memory.ts: the directory, where it says that workers' blocks begin, and a word of such a block. */
const DIRECTORY = 0x10000
const WORKERS = 32
const CLASSES_AT = 416

onEveryBuild('attach', (build) => {
  test('forgets what is left of a burst', () => {
    const rig = new Rig(build)
    // Each in a run of its own, so that a flood takes an entry for each of them.
    for (let port = 0; port < 8; port++) rig.port(`p${port}`, { mtu: 1500 + port })
    const { exports, received, arena } = rig.forwarder
    const { buffer } = rig.attachment.memory
    const address = arena + 128
    new Uint8Array(buffer, address, 60).fill(0xff, 0, 6).set([2, 0, 0, 0, 0, 1, 0x08, 0x00], 6)
    const descriptors = new Uint32Array(buffer, received, BURST_MAX * 2)
    for (let index = 0; index < BURST_MAX; index++) descriptors.set([address, 60], index * 2)
    const listed = exports.process(0, rig.topology.port('p0').index, BURST_MAX, 0)
    expect(listed).toBeLessThan(0) // MORE
    expect(exports.attach(0)).toBeGreaterThan(1)
    expect(exports.resume(0, 0)).toBe(0)
  })

  test('judges no packet by what was found out of one that the other had in hand', () => {
    const rig = new Rig(build, { capacity: { rules: 400 } }).ports('ab')
    const rules = Array.from({ length: 300 }, (_, index) => {
      const to = { prefix: `198.51.${index >> 2}.${index & 3}/32` }
      return { name: `rule-${index}`, action: 'deny', to }
    })
    rig.rules(...(rules as never[]))
    const { exports, transmit } = rig.forwarder
    const view = new DataView(rig.attachment.memory.buffer)
    const block = view.getUint32(DIRECTORY + WORKERS, true)
    for (let axis = 0; axis < 4; axis++) view.setUint32(transmit + axis * 4, 1, true)
    view.setUint32(block + CLASSES_AT, transmit, true)
    expect(exports.attach(0)).toBeGreaterThan(1)
    const ends = { from: ['10.0.0.1', 4000], to: ['198.51.7.1', 53] } as const
    rig.inject('a', udp(ends)).run()
    expect(rig.drops()).toEqual({ 'a filter-denied': 1 })
  })
})
