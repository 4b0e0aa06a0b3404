import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { ipv4 } from '../../bench/lib/router/frames.js'
import { Least } from '../../bench/lib/router/least.js'
import { answers, firstStream, mixedStream } from '../../bench/lib/router/load.js'
import { BenchRouter } from '../../bench/lib/router/router.js'

const FLOWS = 1000
const BURST = 256
/** Octets of a frame with its virtio-net header, as far as headers go. */
const OCTETS = ipv4.record - 4
const IP = 12 + 14

/** A frame without what the router numbers anew and the least NAT does not: identification and its sum. */
function comparable(frame: Buffer): string {
  expect(sum(frame.subarray(IP, IP + 20))).toBe(0xffff)
  const copy = Buffer.from(frame)
  copy.fill(0, IP + 4, IP + 6)
  copy.fill(0, IP + 10, IP + 12)
  return copy.toString('hex')
}

function sum(octets: Buffer): number {
  let total = 0
  for (let at = 0; at < octets.length; at += 2) total += octets.readUInt16BE(at)
  while (total > 0xffff) total = (total & 0xffff) + (total >>> 16)
  return total
}

it('makes of a frame in C what the module makes of it, burst by burst, each in one call', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'linkspan-least-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const router = await BenchRouter.create({ flows: 4096, translated: true })
  const first = firstStream(FLOWS, 4)
  const back = answers(router, first, FLOWS)
  router.load(back)
  router.run(0, back.burstCount)
  const traffic = mixedStream([first, back], FLOWS, 20)
  router.load(traffic)
  const least = await Least.create({ first, answers: back, traffic }, FLOWS, folder)
  onTestFinished(() => least.stop())
  const octets = Buffer.from(router.memory.buffer)
  for (let burst = 0; burst < 8; burst++) {
    expect(router.run(burst, 1).entries).toBe(BURST)
    expect((await least.run(burst, 1)).entries).toBe(BURST)
    const frames = await least.frames()
    for (let frame = 0; frame < BURST; frame++) {
      const from = router.firstFrame + frame * traffic.stride - 12
      const own = comparable(octets.subarray(from, from + OCTETS))
      expect(comparable(frames.subarray(frame * OCTETS, (frame + 1) * OCTETS))).toBe(own)
    }
  }
  expect(router.resumed).toBe(0)
})
