/** Checksums that were left to hardware, completed by what the frame says alone. */
import { expect, test } from 'vitest'
import { dissect } from '../../src/packet/dissect/dissect.js'
import { completePartial } from '../../src/packet/partial.js'
import { Extension, type PacketOptions, packet } from '../support/frames.js'

const cases: [string, PacketOptions][] = [
  ['TCP', {}],
  ['UDP', { protocol: 'udp' }],
  ['TCP over IPv6', { version: 6 }],
  [
    'UDP over IPv6 with options',
    { version: 6, protocol: 'udp', extensions: [[Extension.DESTINATION, 16]] },
  ],
  ['behind tags', { tags: [{ vid: 5 }, { vid: 6 }] }],
  ['with options', { options: 8, tcpOptions: 12 }],
  ['with padding', { payload: 1, padding: 9 }],
]

test.each(cases)('%s: partial is completed, right stays as it is', (_, options) => {
  const { frame } = packet({ ...options, checksum: 'partial' })
  const complete = packet({ ...options, checksum: 'complete' }).frame
  const states = dissect(frame).map(({ fields }) => fields.checksumState)
  expect(states).toContain('partial')
  completePartial(frame)
  expect(frame).toEqual(complete)
  completePartial(frame)
  expect(frame).toEqual(complete)
})

test('what is wrong, cut, a fragment or no packet stays as it is', () => {
  const partial = packet({ checksum: 'partial' }).frame
  const wrong = packet().frame
  wrong[wrong.length - 1] = ~(wrong.at(-1) as number)
  const fragment = packet({ checksum: 'partial', fragment: 0x2000 }).frame
  const others = [wrong, fragment, new Uint8Array(60)]
  for (let length = 0; length < partial.length; length++) others.push(partial.slice(0, length))
  for (const octets of others) {
    const before = octets.slice()
    completePartial(octets)
    expect(octets).toEqual(before)
  }
})
