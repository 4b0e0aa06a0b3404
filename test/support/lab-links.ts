/** Two hosts of a lab on one bridge, and datagrams with numbers from one to the other. */
import { createLab, type Host, type Lab, type LabOptions } from '../../src/testing/index.js'

export interface Two {
  lab: Lab
  a: Host
  b: Host
}

/** They know each other's MAC already: no ARP is in the way of faults. */
export async function pair(options: LabOptions): Promise<Two> {
  const lab = await createLab(options)
  lab.bridge('lan', { subnets: ['10.55.0.0/24'] })
  const [a, b] = [lab.host('a'), lab.host('b')]
  await a.ping(b)
  return { lab, a, b }
}

/** Builds them, and takes them away again. */
export async function onTwo<T>(options: LabOptions, use: (two: Two) => Promise<T>): Promise<T> {
  const two = await pair(options)
  try {
    return await use(two)
  } finally {
    await two.lab.close()
  }
}

/**
 * Sends numbers from 0 on from `a` to `b`, one every `gap` ms, `size` octets each.
 *
 * @returns which came, in the order in which they did, and how long each took
 */
export async function numbered(
  { lab, a, b }: Two,
  count: number,
  { gap = 1, size = 100 }: { gap?: number; size?: number },
): Promise<{ numbers: number[]; ways: number[] }> {
  const numbers: number[] = []
  const ways: number[] = []
  const sent: number[] = []
  const from = a.udp()
  const socket = b.udp(4001, ({ data }) => {
    const number = new DataView(data.buffer, data.byteOffset).getUint32(0)
    numbers.push(number)
    ways.push(lab.now - (sent[number] as number))
  })
  for (let number = 0; number < count; number++) {
    const data = new Uint8Array(size)
    new DataView(data.buffer).setUint32(0, number)
    sent.push(lab.now)
    await from.send(b, 4001, data)
    if (gap > 0) await lab.advance(gap)
  }
  await lab.run()
  socket.close()
  from.close()
  return { numbers, ways }
}
