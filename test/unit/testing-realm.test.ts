/** The lab is handed what another realm made. */
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { createLab } from '../../src/testing/index.js'

test('octets and handlers of another realm', async () => {
  const lab = await createLab()
  lab.bridge('lan')
  const [a, b] = [lab.host('a'), lab.host('b')]
  const socket = b.udp(9)
  await a.udp().send(b, 9, runInNewContext('Uint8Array.of(1, 2, 3).subarray(1)'))
  expect((await socket.receive()).data).toEqual(Uint8Array.of(2, 3))
  const handler = runInNewContext('async () => { throw new Error("from afar") }')
  b.udp(10, handler)
  await a.udp().send(b, 10, 'x')
  await expect(lab.advance(10)).rejects.toThrow('UDP port 10 threw')
  b.listen(80, handler)
  await a.connect(b, 80)
  await expect(lab.advance(10)).rejects.toThrow('TCP port 80 threw')
  await lab.close()
})
