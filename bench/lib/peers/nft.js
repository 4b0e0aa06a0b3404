// The kernel as a router that masquerades by nft, between two veth pairs: it reads no TAP.
import { addresses, ifnames, outside } from '../lab.js'
import { run } from '../process.js'

export const name = 'nft'
export const label = 'nft masquerade'
export const commands = ['nft', 'conntrack']
export const target = outside

const GATEWAY = '10.55.0.254'
const OUTER = '203.0.113.10'
const inner = { a: 'bn-in', b: 'bn-out' }

const ruleset = `
table ip bench {
  chain leaving {
    type nat hook postrouting priority srcnat;
    oifname "${inner.b}" masquerade
  }
}`

export async function start(lab) {
  const ip = (netns, ...args) => run('ip', ['-n', netns, ...args])
  const sides = [
    ['a', addresses.a, GATEWAY],
    ['b', outside, OUTER],
  ]
  for (const [side, theirs, ours] of sides) {
    const [far, near] = [ifnames[side], inner[side]]
    const peer = ['peer', 'name', far, 'netns', lab[side]]
    await ip(lab.host, 'link', 'add', near, 'type', 'veth', ...peer)
    for (const [netns, ifname, address] of [
      [lab.host, near, ours],
      [lab[side], far, theirs],
    ]) {
      await ip(netns, 'address', 'add', `${address}/24`, 'dev', ifname)
      await ip(netns, 'link', 'set', ifname, 'up')
    }
  }
  await ip(lab.a, 'route', 'add', 'default', 'via', GATEWAY)
  await ip(lab.host, 'route', 'add', 'default', 'via', outside)
  await lab.inside(lab.host, 'sh', ['-c', 'echo 1 > /proc/sys/net/ipv4/ip_forward'])
  await lab.inside(lab.host, 'nft', [ruleset])
}

/** Ends all flows. */
export const forget = (lab) => lab.inside(lab.host, 'conntrack', ['-F'])
