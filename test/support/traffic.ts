/** iperf3 between stations, and listening with tcpdump. */
import type { Station } from './lab.js'
import { within } from './netns.js'
import { must, type Program, start } from './process.js'

export interface Transfer {
  bitsPerSecond: number
  /** UDP only. */
  lost: number
  packets: number
}

interface Report {
  end: {
    sum_received?: { bits_per_second: number }
    sum?: { bits_per_second: number; lost_packets: number; packets: number }
  }
}

/** An iperf3 server that serves one test. */
export async function server({ netns }: Station, sourcePort = 5201): Promise<Program> {
  const words = ['iperf3', '-s', '-1', '--forceflush', '-p', String(sourcePort)]
  const program = start(within(netns, ...words))
  await program.prints('Server listening')
  return program
}

/** One iperf3 test, of a second unless `options` give a number of bytes. */
export async function iperf(
  from: Station,
  to: Station,
  address: string,
  ...options: string[]
): Promise<Transfer> {
  const listening = await server(to)
  const amount = options.includes('-n') ? [] : ['-t', '1']
  const words = ['iperf3', '-c', address, '-J', ...amount, ...options]
  const { end } = JSON.parse(await must(within(from.netns, ...words))) as Report
  await listening.end()
  const { sum, sum_received: received = sum } = end
  return {
    bitsPerSecond: received?.bits_per_second ?? 0,
    lost: sum?.lost_packets ?? 0,
    packets: sum?.packets ?? 0,
  }
}

/** iperf3 without end in the background; ended with the test. */
export async function startIperf(from: Station, to: Station, ...options: string[]) {
  await server(to)
  const words = ['iperf3', '-c', to.ip4, '-t', '600', '--forceflush', ...options]
  const client = start(within(from.netns, ...words))
  await client.prints(/sec .*bits\/sec/)
  return client
}

/** tcpdump of what comes in at an interface (or goes out), listening when this resolves. */
export async function listen(
  netns: string,
  filter = '',
  name = 'eth0',
  direction: 'in' | 'out' = 'in',
): Promise<Program> {
  const options = ['-l', '-nn', '-e', '-vv', '--immediate-mode', '-Q', direction]
  const words = ['tcpdump', '-i', name, ...options, filter]
  const program = start(within(netns, ...words))
  await program.prints('listening on')
  return program
}

/** Ends a tcpdump. @returns the lines it printed */
export async function heard(program: Program): Promise<string[]> {
  program.kill('SIGINT')
  const { stdout } = await program.end()
  return stdout.split('\n').filter(Boolean)
}
