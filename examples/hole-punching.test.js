// UDP hole punching (RFC 5128 3.3): two hosts behind a NAT each, and a rendezvous server that both can reach.
import { createLab } from 'linkspan/testing'
import { expect, test } from 'vitest'

/** A rendezvous server: tells each of the two who come to a room where the other one is seen from outside. */
function serve(host) {
  const rooms = new Map()
  const socket = host.udp(3478, ({ text: room, from, port }) => {
    const first = rooms.get(room)
    if (first === undefined) return void rooms.set(room, { from, port })
    void socket.send(from, port, `${first.from} ${first.port}`)
    void socket.send(first.from, first.port, `${from} ${port}`)
  })
}

/** What is tested, in two steps: where the other one is … */
async function meet(host, server) {
  const socket = host.udp()
  await socket.send(server, 3478, 'room')
  const [address, port] = (await socket.receive({ timeout: '5s' })).text.split(' ')
  return { socket, address, port: Number(port) }
}

/** … and sending to it until it is heard: what leaves opens the own NAT for what comes. */
async function punch({ socket, address, port }) {
  for (let attempt = 0; attempt < 10; attempt++) {
    await socket.send(address, port, 'hello')
    try {
      const { from } = await socket.receive({ timeout: '200ms' })
      await socket.send(address, port, 'hello') // the last one may have come before the other NAT was open
      return from
    } catch (error) {
      if (error.code !== 'TIMEOUT') throw error
    }
  }
  throw new Error(`no way to ${address}`)
}

/**
 * Two networks with a router between them; on the one the server, on the other the homes of alice and bob with a
 * NAT each. `rule` is of their NATs; `second` gives alice's home a line to the server's network too.
 */
async function world({ rule = {}, second = {} } = {}) {
  const lab = await createLab()
  const internet = lab.bridge('internet', { gateway: ['203.0.113.1/24'] })
  const server = lab.host('rendezvous', {
    bridge: lab.bridge('cloud', { gateway: ['198.51.100.1/24'] }),
  })
  serve(server)
  const [alice, bob] = ['alice', 'bob'].map((name, index) => {
    const home = lab.switch(name)
    const bridge = home.bridge(`${name}-lan`, { gateway: ['192.168.1.1/24'] })
    const addresses = [`203.0.113.${10 + index}/24`]
    const wan = { bridge: internet, addresses, routes: [{ to: 'default', via: '203.0.113.1' }] }
    const uplinks = { wan, ...(name === 'alice' && second) }
    const from = { bridge: bridge.name }
    const nat = Object.keys(uplinks).map((uplink) => ({
      type: 'masquerade',
      from,
      uplink,
      ...rule,
    }))
    home.router({ uplinks, nat })
    lab.link(`${name}:wan.internet`).set({ delay: `${10 + 30 * index}ms` })
    return lab.host(name, { bridge })
  })
  const meetings = await Promise.all([meet(alice, server), meet(bob, server)])
  return { lab, meetings }
}

test('each opens its own NAT for the other, and they talk past the server', async () => {
  const { lab, meetings } = await world()
  lab.link('rendezvous').set({ up: false })
  expect(await Promise.all(meetings.map(punch))).toEqual(['203.0.113.11', '203.0.113.10'])
  await lab.close()
})

test('half of all is lost: it takes some attempts more', async () => {
  const { lab, meetings } = await world()
  lab.link('alice:wan.internet').set({ loss: '50%' })
  expect(await Promise.all(meetings.map(punch))).toEqual(['203.0.113.11', '203.0.113.10'])
  await lab.close()
})

test('one alone opens nothing: the other NAT lets in only whom was sent to', async () => {
  const { lab, meetings } = await world()
  await expect(punch(meetings[0])).rejects.toThrow('no way to 203.0.113.11')
  expect(lab.switch('bob').production.drops('wan')).toMatchObject([
    { reason: 'nat-unsolicited', frames: 10 },
  ])
  await lab.close()
})

test('… unless it lets in everybody, as NATs made for games do', async () => {
  const { lab, meetings } = await world({ rule: { filtering: 'endpoint-independent' } })
  const [alice, bob] = meetings
  void bob.socket.receive().then((datagram) => datagram.reply('hello'))
  expect(await punch(alice)).toBe('203.0.113.11')
  await lab.close()
})

test('where the server sees another address than the peer, there is no hole', async () => {
  // What a symmetric NAT does to everybody, a second line does here: alice is told of by the address on that one.
  const dsl = { bridge: 'cloud', addresses: ['198.51.100.10/24'] }
  const { lab, meetings } = await world({ second: { dsl } })
  expect(meetings[1].address).toBe('198.51.100.10')
  const results = await Promise.allSettled(meetings.map(punch))
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  await lab.close()
})
