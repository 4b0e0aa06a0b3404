// Connections one after the other between two hosts: what is in TIME-WAIT does not stand in their way.
import { expect, test } from 'vitest'
import { createLab } from '../../src/testing/index.js'

/** So many connections that the server closes first; how long each took. */
async function times(count: number, delay: string, localPort?: number): Promise<Set<number>> {
  await using lab = await createLab({ seed: 7 })
  lab.bridge('lan')
  const [a, b] = ['a', 'b'].map((name) => lab.host(name, { link: { delay } }))
  b!.listen(80, async (connection) => {
    const writer = connection.writable.getWriter()
    await writer.write(new Uint8Array(10))
    await writer.close()
  })
  const took = new Set<number>()
  for (let made = 0; made < count; made++) {
    const begin = lab.now
    const options = localPort === undefined ? {} : { localPort }
    const connection = await a!.connect('b', 80, options)
    took.add(lab.now - begin)
    await new Response(connection.readable).arrayBuffer()
    await connection.writable.getWriter().close()
    await connection.closed
  }
  return took
}

test('3000 of them take no time where the link takes none', async () => {
  expect([...(await times(3000, '0ms'))]).toEqual([0])
})

test('nor do those from one port, at the same instant or later', async () => {
  expect([...(await times(50, '0ms', 50_000))]).toEqual([0])
  // The first asks for the other's MAC before.
  expect([...(await times(50, '3ms', 50_000))]).toEqual([24, 12])
})
