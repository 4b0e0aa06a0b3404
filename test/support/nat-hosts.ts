/** Hosts on both sides of a NAT, in namespaces: servers that say who called them, and their clients. */
import { type NamespaceOptions, namespace, within } from './netns.js'
import { must, start } from './process.js'
import { tap } from './routed.js'

/** A host inside, and one outside that knows nothing of the networks inside. */
export function natLab(more: { nat?: readonly object[]; publish?: readonly object[] } = {}) {
  const [inside, outside] = [namespace(), namespace()]
  const config = {
    version: 1,
    // Without advertisements hosts have the addresses that they are given, and no others to call from.
    bridges: {
      blue: { gateway: { addresses: ['10.55.0.1/24', 'fd55::1/64'], advertise: false } },
    },
    ports: {
      web: {
        bridge: 'blue',
        device: tap(inside, ['10.55.0.2/24', 'fd55::2/64'], { missing: 'wait' }),
      },
    },
    uplinks: {
      wan: {
        device: {
          type: 'tap',
          name: 'up0',
          netns: outside,
          addresses: ['203.0.113.1/24', '2001:db8::1/64'],
        },
        addresses: ['203.0.113.10/24', '2001:db8::10/64'],
        routes: [
          { to: 'default', via: '203.0.113.1' },
          { to: 'default', via: '2001:db8::1' },
        ],
      },
    },
    ...more,
  }
  return { inside, outside, config }
}

/** The same over IPv4 alone, with masquerade. */
export function narrowLab(options: NamespaceOptions = {}) {
  const [inside, outside] = [namespace(undefined, options), namespace(undefined, options)]
  const config = {
    version: 1,
    bridges: { blue: { gateway: { addresses: ['10.55.0.1/24'] } } },
    ports: { web: { bridge: 'blue', device: tap(inside, ['10.55.0.2/24']) } },
    uplinks: {
      wan: {
        device: { type: 'tap', name: 'up0', netns: outside, addresses: ['203.0.113.1/24'] },
        addresses: ['203.0.113.10/24'],
        routes: [{ to: 'default', via: '203.0.113.1' }],
      },
    },
    nat: [{ type: 'masquerade', from: { bridge: 'blue' }, uplink: 'wan' }],
  }
  return { inside, outside, config }
}

export const masquerade = { type: 'masquerade', from: { bridge: 'blue' }, uplink: 'wan' }

/** Answers TCP and UDP of both families on these ports with `WORD PORT CALLER`, until the test ends. */
export async function answer(netns: string, word: string, ...ports: number[]): Promise<void> {
  const script = `
    const [net, dgram] = [require('node:net'), require('node:dgram')]
    const plain = (address) => address.replace('::ffff:', '')
    const ports = ${JSON.stringify(ports)}
    let ready = 0
    const done = () => { if (++ready === 3 * ports.length) console.log('listening') }
    for (const port of ports) {
      const say = (address) => '${word} ' + port + ' ' + plain(address)
      net.createServer((socket) => socket.end(say(socket.remoteAddress))).listen(port, '::', done)
      for (const type of ['udp4', 'udp6']) {
        const socket = dgram.createSocket({ type, ipv6Only: type === 'udp6' })
        socket.on('message', (_, from) => socket.send(say(from.address), from.port, from.address))
        socket.bind(port, done)
      }
    }`
  await start(within(netns, process.execPath, '-e', script)).prints('listening')
}

export interface Asked {
  protocol?: 'tcp' | 'udp'
  /** The port that it is asked from; any, if left out. */
  from?: number
  /** Milliseconds that are waited for an answer. */
  patience?: number
}

/** What a server answers, or `timeout`, or the error of the system. */
export function ask(netns: string, address: string, port: number, how: Asked = {}) {
  const { protocol = 'tcp', from, patience = 2000 } = how
  const end = (what: string) => `{ console.log(${what}); process.exit() }`
  const tcp = `
    const to = { host: '${address}', port: ${port}, localPort: ${from} }
    const socket = require('node:net').connect(to)
    socket.on('data', (data) => ${end('String(data)')})`
  const udp = `
    const type = '${address.includes(':') ? 'udp6' : 'udp4'}'
    const socket = require('node:dgram').createSocket({ type, reuseAddr: true })
    socket.on('message', (data) => ${end('String(data)')})
    socket.bind(${from ?? 0}, () => socket.send('who', ${port}, '${address}'))`
  const script = `${protocol === 'tcp' ? tcp : udp}
    socket.on('error', ({ code }) => ${end('code')})
    setTimeout(() => ${end("'timeout'")}, ${patience})`
  return must(within(netns, process.execPath, '-e', script)).then((text) => text.trim())
}

/** Sends a datagram every 20 ms from one port, as a client does that nobody told of a restart. */
export async function keepSending(netns: string, address: string, port: number, from: number) {
  const script = `
    const socket = require('node:dgram').createSocket({ type: 'udp4', reuseAddr: true })
    socket.on('error', () => {})
    socket.on('message', (data) => console.log(String(data)))
    socket.bind(${from}, () => {
      setInterval(() => socket.send('who', ${port}, '${address}', () => {}), 20)
      console.log('sending')
    })`
  const program = start(within(netns, process.execPath, '-e', script))
  await program.prints('sending')
  return program
}
