/** A lab in which everything happens that a line is to be made of. */
import { createLab } from '../../src/testing/index.js'

const v4 = '203.0.113.10/24'
const v6 = '2001:db8::10/64'

/** Its capture: ARP, ND, echoes, fragments, datagrams, errors, NAT, and a TCP connection with losses. */
export async function seenLab(): Promise<Uint8Array> {
  const lab = await createLab({ seed: 7 })
  const lan = lab.bridge('lan', { gateway: ['10.55.0.1/24', 'fd55::1/64'] })
  const internet = lab.bridge('internet', { subnets: ['203.0.113.0/24', '2001:db8::/64'] })
  lab.router({
    uplinks: { wan: { bridge: internet, addresses: [v4, v6] } },
    nat: [{ type: 'masquerade', from: { bridge: 'lan' }, uplink: 'wan' }],
  })
  const a = lab.host('a', { bridge: lan })
  const b = lab.host('b', { bridge: lan })
  const web = lab.host('web', { bridge: internet })
  const file = lab.capture()
  for (const to of [b, 'fd55::3']) {
    await a.ping(to, { count: 2 })
    await a.ping(to, { size: 3000 })
    const socket = a.udp()
    await socket.send(to, 99, 'nobody')
    await socket.receive().catch(() => undefined)
  }
  lab.link('a').set({ loss: 0.1, delay: '5ms' })
  web.listen(7, (connection) => connection.readable.pipeTo(connection.writable))
  const connection = await a.connect(web, 7)
  const writer = connection.writable.getWriter()
  void writer.write(new Uint8Array(50_000)).then(() => writer.close())
  for await (const _ of connection.readable);
  await a.connect(web, 81).catch(() => undefined)
  await a.traceroute(web)
  for (const nobody of ['10.55.0.77', '2001:db8::99', '198.51.100.1']) await a.ping(nobody)
  await lab.advance('30s')
  await lab.close()
  return file.bytes()
}
