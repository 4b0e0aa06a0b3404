/** The memory of a dataplane as an image and as a hash. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { Block, Directory } from '../../src/dataplane/abi.js'
import { hashMemory, type ImageHost, loadImage, saveImage } from '../../src/dataplane/image.js'
import { type BuildName, onEveryBuild } from '../support/builds.js'
import { BROADCAST, frame, station } from '../support/frames.js'
import { Rig } from '../support/rig.js'

const from = (number: number) => frame(BROADCAST, station(number))

function rigOn(build: BuildName, capacity = {}): { rig: Rig; host: ImageHost } {
  const rig = new Rig(build, { capacity }).ports('abc')
  const { memory } = rig.attachment
  return { rig, host: { memory, exports: rig.manager.exports, workers: rig.capacity.workers } }
}

onEveryBuild('image', (build) => {
  test('puts back what was learnt, counted and changed, as often as one likes', () => {
    const { rig, host } = rigOn(build)
    rig.inject('a', from(1)).run()
    const [image, hash] = [saveImage(host), hashMemory(host)]
    const entries = [...rig.manager.fdb.list(0)]
    expect(entries).toHaveLength(1)
    for (let time = 0; time < 2; time++) {
      rig.inject('b', from(2)).inject('c', from(1)).run()
      expect([...rig.manager.fdb.list(0)]).not.toEqual(entries)
      expect(hashMemory(host)).not.toBe(hash)
      loadImage(host, image)
      expect(saveImage(host)).toEqual(image)
      expect([...rig.manager.fdb.list(0)]).toEqual(entries)
      expect(hashMemory(host)).toBe(hash)
      expect(rig.topology.counters('b').rxFrames).toBe(0)
    }
  })

  test('is a small part of the memory', () => {
    const { host } = rigOn(build)
    expect(saveImage(host).length).toBeLessThan(host.memory.buffer.byteLength / 20)
  })

  test('hashes the same where the same was done, and other than where it was not', () => {
    const [one, same, other] = [rigOn(build), rigOn(build), rigOn(build)]
    for (const { rig } of [one, same]) rig.inject('a', from(1)).run()
    other.rig.inject('a', from(2)).run()
    expect(hashMemory(same.host)).toBe(hashMemory(one.host))
    expect(hashMemory(other.host)).not.toBe(hashMemory(one.host))
  })

  test('a hash does not count what was read, who captures and how long it took', () => {
    const { rig, host } = rigOn(build)
    rig.inject('a', from(1)).inject('b', from(1)).run() // moved: an event
    const hash = hashMemory(host)
    expect([...rig.manager.events()].length).toBeGreaterThan(0)
    void [...rig.manager.fdb.list(0)]
    rig.forwarder.account(17, 4)
    host.exports.captureStart(0, 1, 0, 0, 0, 0, 0, 64)
    expect(hashMemory(host)).toBe(hash)
  })

  test('a capture goes on over an image from before it', () => {
    const { rig, host } = rigOn(build)
    const image = saveImage(host)
    host.exports.captureStart(0, 1, 0, 0, 0, 0, 0, 64)
    loadImage(host, image)
    rig.inject('a', from(1)).run()
    expect(host.exports.captureNext(0)).not.toBe(0)
  })

  test('is refused by a memory of other capacities, and where it is none', () => {
    const { host } = rigOn(build)
    const { rig, host: other } = rigOn(build, { macs: 2048 })
    const hash = hashMemory(other)
    expect(() => loadImage(other, saveImage(host))).toThrow(/another layout; expected .*capacities/)
    for (const octets of [new Uint8Array(0), new Uint8Array(7), new Uint8Array(100).fill(1)]) {
      expect(() => loadImage(other, octets)).toThrow(expect.objectContaining({ code: 'INVALID' }))
    }
    expect(() => loadImage(other, saveImage(other).slice(0, -1))).toThrow(/no image/)
    expect(hashMemory(other)).toBe(hash)
    rig.inject('a', from(1)).run()
  })
})

test('where its words are is what assembly/ says', () => {
  const source = (name: string) =>
    readFileSync(new URL(`../../assembly/${name}.ts`, import.meta.url), 'utf8')
  const memory = source('memory')
  const word = (text: string, space: string, name: string) => {
    const [, body = ''] = text.split(`export namespace ${space} {`)
    return Number(new RegExp(`export const ${name}: usize = (\\d+)$`, 'm').exec(body)?.[1])
  }
  for (const name of ['CONFIG', 'CAPTURES', 'GENERATION', 'CAPTURING', 'FILTERS'] as const) {
    expect(word(memory, 'Directory', name), name).toBe(Directory[name])
  }
  expect(word(memory, 'Directory', 'FILTER')).toBe(Directory.CAPTURES_END)
  for (const name of ['STATISTICS', 'EVENT_TAIL', 'SCRATCH'] as const) {
    expect(word(memory, 'Worker', name), name).toBe(Block[name])
  }
  const busy = Block.STATISTICS + word(source('counter'), 'Statistic', 'BUSY')
  expect([busy, busy + 16]).toEqual([Block.BUSY, Block.TIMES_END])
})
