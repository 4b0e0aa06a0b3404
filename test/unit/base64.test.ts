import { afterEach, expect, test, vi } from 'vitest'
import { decodeBase64 } from '../../src/dataplane/base64.js'

const bytes = Uint8Array.from({ length: 10_000 }, (_, at) => (at * 7) & 0xff)
const text = Buffer.from(bytes).toString('base64')

afterEach(() => vi.unstubAllGlobals())

test.each(['', 'AA==', 'AAE=', 'AAEC', text])('%# is decoded in Node as in a browser', (base64) => {
  const inNode = decodeBase64(base64)
  vi.stubGlobal('Buffer', undefined)
  const inBrowser = decodeBase64(base64)
  expect(Uint8Array.from(inNode)).toEqual(inBrowser)
})

test('is what was encoded', () => {
  expect(Uint8Array.from(decodeBase64(text))).toEqual(bytes)
})
