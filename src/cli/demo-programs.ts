/**
 * What runs inside the lab's hosts: `ping` and `iperf3` where they are installed, else small Node
 * programs that do the same job.
 */
import { spawnSync } from 'node:child_process'
import { environment } from './demo-lab.js'

export interface Programs {
  /** For people: what echoes, what sends. */
  echo: string
  bulk: string
  /** Runs in every host while pings go on; absent where the kernel answers by itself. */
  echoServer?: readonly string[]
  ping(address: string, count: number): readonly string[]
  /** Serves one client, then ends. Listens on {@link BULK_PORT}. */
  bulkServer: readonly string[]
  bulkClient(address: string, seconds: number): readonly string[]
}

/** iperf3's own. */
export const BULK_PORT = 5201
/** RFC 862. */
export const ECHO_PORT = 7

const node = (program: string, ...args: (string | number)[]) => [
  ...[process.execPath, '--input-type=commonjs', '-e', program],
  ...args.map(String),
]

const ECHO_SERVER = `
const type = require('node:fs').existsSync('/proc/net/if_inet6') ? 'udp6' : 'udp4'
const socket = require('node:dgram').createSocket(type)
socket.on('message', (data, from) => socket.send(data, from.port, from.address))
socket.bind(${ECHO_PORT})`

/** Prints what iputils' ping ends with, so that one parser reads both. */
const ECHO_CLIENT = `
const [, address, count] = process.argv
const socket = require('node:dgram').createSocket(address.includes(':') ? 'udp6' : 'udp4')
const times = []
let sent = 0, started
const finish = () => {
  const sum = times.reduce((all, time) => all + time, 0)
  const [low, mean, high] = [Math.min(...times), sum / times.length, Math.max(...times)]
  console.log(count + ' packets transmitted, ' + times.length + ' received')
  if (times.length) console.log('rtt = ' + [low, mean, high].map((ms) => ms.toFixed(3)).join('/') + ' ms')
  socket.close()
}
let patience
const next = () => {
  clearTimeout(patience)
  if (sent++ == count) return finish()
  started = performance.now()
  socket.send(String(sent), ${ECHO_PORT}, address)
  patience = setTimeout(next, 1000)
}
socket.on('message', (data) => {
  if (String(data) !== String(sent)) return
  times.push(performance.now() - started)
  clearTimeout(patience)
  patience = setTimeout(next, 100)
})
next()`

const BULK_SERVER = `
const server = require('node:net').createServer((socket) => {
  server.close()
  socket.resume()
})
server.listen(${BULK_PORT})`

const BULK_CLIENT = `
const [, address, seconds] = process.argv
const until = performance.now() + seconds * 1000
const data = Buffer.alloc(1 << 18)
const socket = require('node:net').connect(${BULK_PORT}, address)
const fill = () => {
  while (performance.now() < until) if (!socket.write(data)) return
  socket.end()
}
socket.on('connect', fill).on('drain', fill)`

const isInstalled = (command: string, ...args: string[]) =>
  spawnSync(command, args, { env: environment }).error === undefined

/** Chooses by what is installed. */
export function findPrograms(): Programs {
  return {
    ...echoPrograms(isInstalled('ping', '-V')),
    ...bulkPrograms(isInstalled('iperf3', '-v')),
  }
}

function echoPrograms(installed: boolean) {
  if (!installed) {
    return {
      echo: 'UDP echo of Node processes, since ping is not installed',
      echoServer: node(ECHO_SERVER),
      ping: (address: string, count: number) => node(ECHO_CLIENT, address, count),
    }
  }
  const ping = (address: string, count: number) => {
    return ['ping', '-c', String(count), '-i', '0.2', '-W', '1', address]
  }
  return { echo: 'ping', ping }
}

function bulkPrograms(installed: boolean) {
  if (!installed) {
    return {
      bulk: 'TCP between Node processes, since iperf3 is not installed',
      bulkServer: node(BULK_SERVER),
      bulkClient: (address: string, seconds: number) => node(BULK_CLIENT, address, seconds),
    }
  }
  const bulkClient = (address: string, seconds: number) => {
    return ['iperf3', '-c', address, '-t', String(seconds)]
  }
  return { bulk: 'iperf3, one stream', bulkServer: ['iperf3', '-s', '-1'], bulkClient }
}
