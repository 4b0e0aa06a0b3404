/** Sockets that frames go through: what the addon does with them, without a device around them. */
import { constants } from 'node:os'
import { describe, expect, test } from 'vitest'
import { loadNative } from '../../src/device/native.js'
import { defer } from './native-support.js'

const native = loadNative()
const { EAGAIN } = constants.errno
const buffer = new Uint8Array(70_000)

describe('pairCreate', () => {
  function pair() {
    const ends = native.pairCreate()
    defer(() => native.close(ends.switch))
    defer(() => native.close(ends.program))
    return ends
  }

  test('joins two ends that keep the borders of messages, of any length, both ways', () => {
    const { switch: one, program: other } = pair()
    const both = [
      [one, other],
      [other, one],
    ] as const
    for (const [from, to] of both) {
      for (const length of [1, 72, 65_664]) {
        expect(native.writeFrame(from, new Uint8Array(length).fill(length))).toBe(length)
      }
      for (const length of [1, 72, 65_664]) {
        expect(native.readFrame(to, buffer)).toBe(length)
        expect(buffer[length - 1]).toBe(length & 255)
      }
      expect(native.readFrame(to, buffer)).toBe(-EAGAIN)
    }
  })

  test('has room for some bursts, and says when it has no more', () => {
    const { program } = pair()
    let count = 0
    while (native.writeFrame(program, buffer.subarray(0, 1526)) > 0) count++
    expect(native.writeFrame(program, buffer.subarray(0, 1526))).toBe(-EAGAIN)
    expect(count).toBeGreaterThan(1000)
  })
})
