/** A STUN server with two addresses, and what a client behind a NAT finds out with it (RFC 5780). */
import { directory } from './linkspan.js'
import { within } from './netns.js'
import { run, start } from './process.js'

export interface Discovered {
  mapping: string
  filtering: string
  /** Whether what it sends to its own external address comes back to it. */
  hairpin: boolean
  /** Whether the server saw addresses that nobody on the way had replaced. */
  untouched: boolean
  text: string
}

/** Starts the server; both addresses are those of the namespace. */
export async function stunServer(
  netns: string,
  addresses: readonly [string, string],
): Promise<void> {
  const listen = addresses.flatMap((address) => ['-L', address])
  const only = ['--stun-only', '--no-tls', '--no-dtls', '--no-cli', '--no-auth', '-n']
  const files = ['--log-file', 'stdout', '--pidfile', `${directory()}/turn.pid`]
  const server = start(within(netns, 'turnserver', ...listen, ...only, ...files))
  await server.prints('IO method (admin thread)')
}

/** Asks the server, from a host behind the NAT. */
export async function discover(netns: string, server: string): Promise<Discovered> {
  const ask = (...what: string[]) =>
    run(within(netns, 'turnutils_natdiscovery', ...what, server)).then(({ stdout }) => stdout)
  const text = await ask('-m', '-f')
  const hairpin = await ask('-H')
  const named = (what: string) => new RegExp(`NAT with (.*) ${what}!`).exec(text)?.[1] ?? 'unknown'
  return {
    mapping: named('Mapping'),
    filtering: named('Filtering'),
    hairpin: hairpin.includes('successful hairpinning'),
    untouched: !`${text}${hairpin}`.includes('ALG detected'),
    text: text + hairpin,
  }
}
