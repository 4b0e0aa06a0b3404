/** Runs of `linkspan generate`, and pairs of interfaces for them. */
import type { Report } from '../../src/generate/report.js'
import { linkspan } from './linkspan.js'
import { ip, ipJson, type NamespaceOptions, namespace } from './netns.js'

export interface Pair {
  a: string
  b: string
  /** Of the interface in b. */
  mac: string
}

/**
 * Two namespaces with an `eth0` each, the ends of one veth, up and with addresses. Without IPv6 nothing
 * in them speaks of its own accord.
 */
export function pair({ ipv6 = true }: NamespaceOptions = {}): Pair {
  const [a, b] = [namespace(undefined, { ipv6 }), namespace(undefined, { ipv6 })]
  ip('-n', a, 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', b)
  for (const [index, netns] of [a, b].entries()) {
    ip('-n', netns, 'address', 'add', `10.77.0.${index + 1}/24`, 'dev', 'eth0')
    if (ipv6) ip('-n', netns, 'address', 'add', `fd77::${index + 1}/64`, 'dev', 'eth0')
    ip('-n', netns, 'link', 'set', 'eth0', 'up')
  }
  return { a, b, mac: macAt(b) }
}

export function macAt(netns: string, ifname = 'eth0'): string {
  const [link] = ipJson<{ address: string }[]>(netns, 'link', 'show', ifname)
  return link?.address ?? ''
}

export interface Generated {
  status: number | null
  stderr: string
  report: Report
}

/** `linkspan generate --json`; its report must be there. */
export async function generate(...words: string[]): Promise<Generated> {
  const { status, stdout, stderr } = await linkspan('generate', ...words, '--json')
  if (!stdout.startsWith('{')) throw new Error(`exit status ${status}, no report\n${stderr}`)
  return { status, stderr, report: JSON.parse(stdout) as Report }
}

/** What a run without any fault has received. */
export const whole = (frames: number) => ({
  frames,
  lost: 0,
  lossRatio: 0,
  flowsWithLoss: 0,
  duplicates: 0,
  reordered: 0,
  reorderingExtent: null,
  tooLate: 0,
  corrupted: 0,
  kernelDrops: 0,
})
