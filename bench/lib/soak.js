// What a long run says of the process that ran: does it grow? Pure.
import { format } from './format.js'
import { summarize } from './statistics.js'

const MIB = 2 ** 20

/** What resident memory may grow by after the first slice: garbage that was not collected yet. */
export const GROWTH = 1.1

/**
 * @typedef {{memory: number, descriptors: number}} Look octets that are resident, open descriptors
 * @typedef {{forward: number, backward: number}} Slice Gbit/s of TCP in both directions
 * @typedef {{port: string, reason: string, frames: number}} Drop
 *
 * What it ends with is compared with what the first slice left: until then tables and buffers are touched,
 * code is compiled and descriptors are opened that stay.
 *
 * @param {Look[]} looks before, after each slice, after all
 * @returns {{memoryGrowth: number, descriptorGrowth: number}} a factor, and how many more there are
 */
export function growthOf(looks) {
  const warm = looks[1] ?? looks[0]
  const last = looks.at(-1)
  return {
    memoryGrowth: last.memory / warm.memory,
    descriptorGrowth: last.descriptors - warm.descriptors,
  }
}

/** What failed, in words; nothing where all is well. */
export function failures({ memoryGrowth, descriptorGrowth }) {
  const failed = []
  if (memoryGrowth > GROWTH) {
    failed.push(
      `FAILED: resident memory grew to ${format(memoryGrowth)} times that of the first slice`,
    )
  }
  if (descriptorGrowth > 0) failed.push(`FAILED: ${descriptorGrowth} descriptors more than before`)
  return failed
}

/** Frames dropped since an earlier look, by port and reason, most first. @param {Drop[]} before */
export function dropsSince(before, after) {
  const key = ({ port, reason }) => `${port} ${reason}`
  const then = new Map(before.map((drop) => [key(drop), drop.frames]))
  return after
    .map((drop) => ({ ...drop, frames: drop.frames - (then.get(key(drop)) ?? 0) }))
    .filter(({ frames }) => frames > 0)
    .sort((a, b) => b.frames - a.frames)
}

const mib = (octets) => `${Math.round(octets / MIB)} MiB`

/**
 * What is beside the one number, for people.
 *
 * @param {object} sample
 * @param {Slice[]} sample.slices
 * @param {Look[]} sample.looks
 * @param {Drop[]} sample.drops
 * @param {{sent: number, lost: number}} sample.frames
 * @param {number} sample.connections
 * @param {number} sample.slice seconds
 */
export function soakRemarks({ slices, looks, drops, frames, connections, slice, ...growth }) {
  const both = slices.map(({ forward, backward }) => forward + backward)
  const { min, max } = summarize(both)
  const dropped = drops.map(({ port, reason, frames: count }) => `${port} ${reason} ${count}`)
  return [
    ...failures(growth),
    `Gbit/s of each ${format(slice)} s, there + back: ${slices.map((each) => `${format(each.forward)} + ${format(each.backward)}`).join(', ')} (together ${format(min)} to ${format(max)})`,
    `resident: ${looks.map(({ memory }) => mib(memory)).join(', ')}; descriptors: ${looks.map(({ descriptors }) => descriptors).join(', ')} (before, after each slice, after all)`,
    `${frames.lost} of ${frames.sent} small frames lost; ${connections} connections begun and refused`,
    `dropped by the switch: ${dropped.length > 0 ? dropped.join(', ') : 'none'}`,
  ]
}
