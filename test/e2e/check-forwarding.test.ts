/** `linkspan check` warns of a host that is a next hop and does not forward. */
import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { command, configFile } from '../support/linkspan.js'
import { namespace, within } from '../support/netns.js'
import { run } from '../support/process.js'

const config = {
  version: 1,
  uplinks: {
    wan: {
      device: { type: 'tap', name: 'ls-up', addresses: ['203.0.113.1/24'] },
      addresses: ['203.0.113.10/24'],
      routes: [{ to: 'default', via: '203.0.113.1' }],
    },
  },
}

test.each([0, 1])('net.ipv4.ip_forward = %i', async (forward) => {
  const netns = namespace()
  const words = within(netns, 'sysctl', '-qw', `net.ipv4.ip_forward=${forward}`)
  execFileSync(words[0] as string, words.slice(1))
  const { status, stdout, stderr } = await run(
    within(netns, ...command, 'check', '-c', configFile(config)),
  )
  expect([status, stdout]).toEqual([0, 'ok: 0 bridges, 0 ports, 1 uplinks\n'])
  const warning =
    'linkspan: warning: uplinks.wan: its next hop 203.0.113.1 is this host, which does not forward IPv4: nothing beyond it is reached until "sysctl -w net.ipv4.ip_forward=1"\n'
  expect(stderr).toBe(forward === 0 ? warning : '')
})
