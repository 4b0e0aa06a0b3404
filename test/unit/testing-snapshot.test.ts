/** lab.snapshot() and restore(): the network of then, the programs of now. */
import { expect, test } from 'vitest'
import { createLab, type Lab, type LabOptions } from '../../src/testing/index.js'
import { caught, codeOf } from '../support/errors.js'

/** Two hosts on a bridge. */
async function pair(options: LabOptions = {}) {
  const lab = await createLab({ seed: 7, ...options })
  lab.bridge('lan')
  return { lab, a: lab.host('a'), b: lab.host('b'), close: () => lab.close() }
}

const text = (octets: Uint8Array) => new TextDecoder().decode(octets)
const octets = (of: string) => new TextEncoder().encode(of)

async function natted() {
  const lab = await createLab({ seed: 7 })
  const lan = lab.bridge('lan', { gateway: ['10.55.0.1/24', 'fd55::1/64'] })
  const net = lab.bridge('net', { subnets: ['203.0.113.0/24'] })
  lab.router({
    uplinks: { wan: { bridge: net, addresses: ['203.0.113.10/24'] } },
    nat: [{ type: 'masquerade', from: { bridge: 'lan' }, uplink: 'wan' }],
  })
  lab.host('a', { bridge: lan, link: { delay: '3ms', loss: '20%', jitter: '2ms' } })
  lab.host('b', { bridge: net })
  return { lab, file: lab.capture() }
}

test('a lab goes on from a snapshot as it went on without, as often as one likes', async () => {
  const pings = async (lab: Lab) => {
    await lab.hosts.get('a')?.ping('b', { count: 20, interval: '100ms' })
    await lab.run()
  }
  const { lab, file } = await natted()
  await pings(lab)
  const [snapshot, hash] = [lab.snapshot(), lab.hash()]
  expect(snapshot.now).toBe(lab.now)
  await pings(lab)
  const [first, end] = [file.bytes(), lab.hash()]
  for (let time = 0; time < 2; time++) {
    lab.restore(snapshot)
    expect(lab.hash()).toBe(hash)
    await pings(lab)
    expect(lab.hash()).toBe(end)
    expect(file.bytes()).toEqual(first)
  }
  const other = await natted()
  await pings(other.lab)
  await pings(other.lab)
  expect(other.file.bytes()).toEqual(first)
  expect(other.lab.hash()).toBe(end)
  await Promise.all([lab.close(), other.lab.close()])
})

test('sockets: those since are closed, those of then are open, who waits since is told', async () => {
  const { lab, a, b, close } = await pair()
  const old = b.udp(53)
  const waits = old.receive()
  const snapshot = lab.snapshot()
  const young = b.udp(54)
  const told = [
    caught(young.receive()),
    caught(old.receive()),
    caught(lab.sleep('1h')),
    caught(a.ping('b')),
  ]
  old.close()
  expect((await caught(waits)).code).toBe('CLOSED')
  lab.restore(snapshot)
  const errors = await Promise.all(told)
  expect(errors.map(({ code }) => code)).toEqual(['RESTORED', 'CLOSED', 'RESTORED', 'RESTORED'])
  expect(errors[0]?.message).toBe(
    'host "b" waits for a datagram on UDP port 54: the lab was restored to a snapshot that knows nothing of it',
  )
  expect((await caught(young.send('a', 1, ''))).code).toBe('CLOSED')
  expect(b.udp(54).port).toBe(54)
  await a.udp().send('b', 53, 'again')
  expect((await old.receive()).text).toBe('again')
  await close()
})

test('loops and handlers go on; who waited then and does so still goes on waiting', async () => {
  const { lab, a, b, close } = await pair()
  const heard: string[] = []
  b.udp(1, (datagram) => void heard.push(`handler ${datagram.text}`))
  const looped = b.udp(2)
  void (async () => {
    for await (const datagram of looped) heard.push(`loop ${datagram.text}`)
  })()
  const waiting = b.udp(3).receive()
  const socket = a.udp()
  await lab.run()
  const snapshot = lab.snapshot()
  for (const round of ['one', 'two']) {
    for (const port of [1, 2]) await socket.send('b', port, round)
    await lab.run()
    lab.restore(snapshot)
  }
  expect(heard.sort()).toEqual(['handler one', 'handler two', 'loop one', 'loop two'])
  await socket.send('b', 3, 'three')
  expect((await waiting).text).toBe('three')
  await close()
})

test('datagrams that wait in a socket wait again; those that came since are gone', async () => {
  const { lab, a, b, close } = await pair()
  const [from, to] = [a.udp(), b.udp(5)]
  await from.send('b', 5, 'before')
  await lab.run()
  const snapshot = lab.snapshot()
  await from.send('b', 5, 'since')
  expect((await to.receive()).text).toBe('before')
  expect((await to.receive()).text).toBe('since')
  lab.restore(snapshot)
  expect((await to.receive()).text).toBe('before')
  expect((await caught(to.receive())).code).toBe('IDLE')
  await close()
})

test('a ping that was under way goes on, though nobody is told twice', async () => {
  const { lab, a, close } = await pair()
  const result = a.ping('b', { count: 3 })
  await lab.advance('1.5s')
  const snapshot = lab.snapshot()
  const first = await result
  expect(first.received).toBe(3)
  lab.restore(snapshot)
  await lab.run()
  expect(lab.link('a').counters.sent).toBeGreaterThan(3)
  expect(first).toMatchObject({ sent: 3, received: 3, lost: 0 })
  expect(first.replies).toHaveLength(3)
  await close()
})

test('connections that rest go on, those since are gone, and so are those that have ended', async () => {
  const { lab, a, b, close } = await pair()
  b.listen(7, ({ readable, writable }) => readable.pipeTo(writable))
  const [kept, ended] = [await a.connect('b', 7), await a.connect('b', 7)]
  const [reader, writer] = [kept.readable.getReader(), kept.writable.getWriter()]
  const echo = async (what: string) => {
    await writer.write(octets(what))
    return text((await reader.read()).value as Uint8Array)
  }
  expect(await echo('one')).toBe('one')
  await lab.run()
  const [snapshot, before] = [lab.snapshot(), kept.statistics()]
  for (const what of ['two', 'three']) {
    expect(await echo(what)).toBe(what)
    const since = await a.connect('b', 7)
    const told = caught(since.readable.getReader().read())
    if (what === 'two') await ended.close()
    lab.restore(snapshot)
    expect((await told).code).toBe('RESTORED')
    expect(since.failure?.message).toMatch(
      /^TCP a \(10\.55\.0\.1:\d+\) to 10\.55\.0\.2:7: the lab was restored/,
    )
    expect(kept.statistics()).toEqual(before)
  }
  expect(await echo('four')).toBe('four')
  expect(ended.statistics().state).toBe('CLOSED')
  await close()
})

test('of two ends the one whose program has got further is gone, and the other hears of it when it sends', async () => {
  const { lab, a, b, close } = await pair()
  const server = b.listen(7)
  const [client, served] = await Promise.all([a.connect('b', 7), server.accept()])
  await lab.run()
  const snapshot = lab.snapshot()
  client.abort()
  lab.restore(snapshot)
  await served.writable.getWriter().write(octets('anybody?'))
  expect((await caught(served.closed)).code).toBe('RESET')
  expect(client.failure?.code).toBe('ABORTED')
  await close()
})

test('a connection in the middle of a write does not go on', async () => {
  const { lab, a, b, close } = await pair()
  const server = b.listen(7)
  const [client] = await Promise.all([a.connect('b', 7, { sendBuffer: 2000 }), server.accept()])
  const snapshot = lab.snapshot()
  const written = caught(client.writable.getWriter().write(new Uint8Array(5_000_000)))
  await lab.advance('1ms')
  lab.restore(snapshot)
  expect((await written).code).toBe('RESTORED')
  expect(client.statistics().state).toBe('CLOSED')
  await close()
})

test('servers: those since are closed, those of then listen; accept() is told, loops and handlers go on', async () => {
  const { lab, a, b, close } = await pair()
  const handled: number[] = []
  const [old, looped] = [b.listen(1), b.listen(2)]
  const handler = b.listen(3, (connection) => void handled.push(connection.remotePort))
  let accepted = 0
  void (async () => {
    for await (const _ of looped) accepted++
  })()
  const snapshot = lab.snapshot()
  const told = caught(old.accept())
  const young = b.listen(4)
  const never = caught(young.accept())
  await a.connect('b', 2)
  handler.close()
  lab.restore(snapshot)
  expect([(await told).code, (await never).code]).toEqual(['RESTORED', 'RESTORED'])
  expect((await caught(a.connect('b', 4))).code).toBe('REFUSED')
  await a.connect('b', 2)
  await a.connect('b', 3)
  await lab.run()
  expect([accepted, handled.length]).toEqual([2, 1])
  const [one] = await Promise.all([old.accept(), a.connect('b', 1)])
  expect(one.localPort).toBe(1)
  await close()
})

test('a handshake that was under way comes to its handler anew', async () => {
  const { lab, a, b, close } = await pair({ clock: 'manual' })
  lab.link('a').set({ delay: '10ms' })
  const got: string[] = []
  b.listen(7, async ({ readable }) => {
    for await (const chunk of readable) got.push(text(chunk))
  })
  const opening = a.connect('b', 7)
  await lab.advance('25ms')
  const snapshot = lab.snapshot()
  await lab.advance('1s')
  const connection = await opening
  lab.restore(snapshot)
  expect(connection.statistics().state).toBe('SYN-SENT')
  const writer = connection.writable.getWriter()
  await writer.write(octets('hello'))
  await lab.advance('1s')
  expect([connection.statistics().state, ...got]).toEqual(['ESTABLISHED', 'hello'])
  await close()
})

test('hosts, bridges, links, switches and captures that were made since are gone', async () => {
  const { lab, a, close } = await pair()
  const file = lab.capture()
  const [snapshot, hash] = [lab.snapshot(), lab.hash()]
  const c = lab.host('c')
  lab.bridge('other')
  const edge = lab.switch('edge')
  const late = lab.capture('a')
  await a.ping(c)
  const seen = file.frames.length
  expect([seen, late.frames.length]).toEqual([9, 4])
  lab.restore(snapshot)
  expect(lab.hash()).toBe(hash)
  expect([...lab.hosts.keys()]).toEqual(['a', 'b'])
  expect(() => lab.link('c')).toThrow(/no link "c"/)
  expect([file.frames.length, late.frames.length]).toEqual([0, 4])
  expect(codeOf(() => c.udp())).toBe('CLOSED')
  expect(await caught(c.ping('a'))).toMatchObject({ code: 'CLOSED', message: /^host "c" is gone/ })
  expect(codeOf(() => edge.bridge('x'))).toBe('CLOSED')
  await a.ping(lab.host('c'))
  expect([file.frames.length, late.frames.length]).toEqual([seen, 4])
  lab.bridge('other')
  await close()
})

test('links: settings, schedules, frames under way, queues, partitions and counters are those of then', async () => {
  const { lab, a, close } = await pair()
  lab.link('a').set({ delay: '50ms', rate: '1Mbit', loss: '10%' })
  lab.link('b').schedule([{ at: '2s', settings: { up: false } }])
  lab.partition(['a'], [])
  const result = a.ping('b', { count: 10, interval: '20ms', size: 1400 })
  await lab.advance('70ms')
  const [snapshot, counters] = [lab.snapshot(), lab.link('a').counters]
  const rest = await result
  lab.link('a').set({ delay: null, rate: null, loss: '100%' })
  lab.link('b').schedule([])
  lab.cut(['a'], ['b'])
  await lab.advance('5s')
  lab.restore(snapshot)
  expect(lab.link('a').counters).toEqual(counters)
  expect(lab.link('a').settings.out).toMatchObject({
    delay: 50,
    rate: 1e6,
    loss: { probability: 0.1 },
  })
  await lab.advance('1s')
  expect(lab.link('b').settings.in).toEqual({})
  expect(lab.link('a').counters.received).toBeGreaterThan(rest.received)
  await lab.advance('1s')
  expect(lab.link('b').settings.in).toEqual({ up: false })
  await close()
})

test('runs: those that began since are told, those of then go to their end', async () => {
  const { lab, close } = await pair({ clock: 'manual' })
  const ran: string[] = []
  const old = lab.advance('10s').then(() => ran.push('old'))
  const snapshot = lab.snapshot()
  const told = caught(lab.run({ until: '1h' }))
  lab.restore(snapshot)
  expect((await told).code).toBe('RESTORED')
  await old
  expect([lab.now, ran]).toEqual([10_000, ['old']])
  await close()
})

test('time goes back with clock auto as with manual', async () => {
  for (const clock of ['auto', 'manual'] as const) {
    const { lab, a, close } = await pair({ clock })
    await lab.advance('90s')
    const snapshot = lab.snapshot()
    void a.ping('b', { count: 9999 }) // nobody waits for it
    void a.udp().receive({ timeout: '2h' })
    await lab.advance('1h')
    lab.restore(snapshot)
    expect(lab.now).toBe(90_000)
    await lab.advance('10s')
    expect(lab.now).toBe(100_000)
    await close()
  }
})

test('what a handler threw is told though the lab goes back', async () => {
  const { lab, a, b, close } = await pair()
  b.udp(1, () => {
    throw new Error('oops')
  })
  const snapshot = lab.snapshot()
  await a.udp().send('b', 1, '')
  expect((await caught(lab.run())).code).toBe('HANDLER')
  lab.restore(snapshot)
  await close()
})

test('refuses the real clock, handlers, those of others, and a lab that is closed', async () => {
  const { lab, a, b } = await pair()
  const { lab: other } = await pair()
  const { lab: real } = await pair({ clock: 'real' })
  expect(() => real.snapshot()).toThrow(
    /^a lab on the real clock has no snapshots.*clock "auto" or "manual"$/,
  )
  const [snapshot, hash] = [lab.snapshot(), lab.hash()]
  expect(() => lab.restore(other.snapshot())).toThrow(
    /found a snapshot of another one; expected a snapshot of this lab/,
  )
  expect(() => lab.restore(undefined as never)).toThrow(/found undefined|nothing/)
  expect(lab.hash()).toBe(hash)
  const codes: (string | undefined)[] = []
  b.udp(
    1,
    () =>
      void codes.push(
        codeOf(() => lab.snapshot()),
        codeOf(() => lab.restore(snapshot)),
      ),
  )
  await a.udp().send('b', 1, '')
  await lab.run()
  expect(codes).toEqual(['INVALID', 'INVALID'])
  await Promise.all([lab.close(), other.close(), real.close()])
  expect(codeOf(() => lab.snapshot())).toBe('CLOSED')
  expect(codeOf(() => lab.restore(snapshot))).toBe('CLOSED')
})

test('goes forward to a snapshot of another branch', async () => {
  const { lab, a, close } = await pair()
  const early = lab.snapshot()
  const c = lab.host('c')
  c.udp(9, (datagram) => void datagram.reply('c'))
  await a.ping(c)
  const [late, hash] = [lab.snapshot(), lab.hash()]
  lab.restore(early)
  await a.ping('b')
  lab.restore(late)
  expect(lab.hash()).toBe(hash)
  const socket = a.udp()
  await socket.send(c, 9, '')
  expect((await socket.receive()).text).toBe('c')
  await close()
})
