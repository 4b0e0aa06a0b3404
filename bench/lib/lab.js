// Network namespaces: for each peer two, a and b, whose only link is through that peer, and one for
// the peer to make its interfaces in. The machine's own namespace is not touched.
import { run } from './process.js'

/** What begins every name that the bench makes. */
const PREFIX = 'bn'
const SIDES = ['a', 'b']

/** The addresses of the two sides, with every peer the same. */
export const addresses = { a: '10.55.0.1', b: '10.55.0.2' }

/** The address of side b where the two are not in one network. */
export const outside = '203.0.113.1'

/** Interfaces on the two sides; with every peer the same, since no two share a namespace. */
export const ifnames = { a: `${PREFIX}-a`, b: `${PREFIX}-b` }

/** Interfaces of ports over which nothing goes; they stay in the peer's own namespace. */
export const idleNames = (count) => Array.from({ length: count }, (_, port) => `${PREFIX}-p${port}`)

/** Nothing is to speak unasked: no neighbour discovery, no router solicitations. */
const withoutIpv6 =
  'for which in all default; do echo 1 > /proc/sys/net/ipv6/conf/$which/disable_ipv6; done; true'

const ip = (...args) => run('ip', args)

export class Lab {
  /**
   * @param {string} name of the peer
   * @param {string} [target] the address by which side a reaches side b
   */
  constructor(name, target = addresses.b) {
    this.target = target
    this.a = `${PREFIX}-${name}-a`
    this.b = `${PREFIX}-${name}-b`
    this.host = `${PREFIX}-${name}`
  }

  get namespaces() {
    return [this.a, this.b, this.host]
  }

  /** Makes the namespaces, removing what a run that was killed left. */
  async setUp() {
    await this.tearDown()
    for (const netns of this.namespaces) {
      await ip('netns', 'add', netns)
      await this.inside(netns, 'sh', ['-c', withoutIpv6])
      await ip('-n', netns, 'link', 'set', 'lo', 'up')
    }
  }

  /** Ends what runs in the namespaces and removes them, with all interfaces in them. */
  async tearDown() {
    const there = (await ip('netns', 'list')).split('\n').map((line) => line.split(' ')[0])
    for (const netns of this.namespaces.filter((name) => there.includes(name))) {
      const pids = (await ip('netns', 'pids', netns)).split('\n').filter(Boolean)
      for (const pid of pids) endProcess(Number(pid))
      await ip('netns', 'del', netns)
    }
  }

  /** Runs a command inside a namespace. */
  inside(netns, command, args, options) {
    return run('ip', ['netns', 'exec', netns, command, ...args], options)
  }

  /** Moves the two interfaces that a peer made in `host` to their sides, and sets them up. */
  async adopt() {
    for (const side of SIDES) await this.adoptSide(side, this.host)
  }

  /** Moves the interface of a side from namespace `from` to where it belongs, and sets it up. */
  async adoptSide(side, from, mtu = 1500) {
    const [netns, ifname] = [this[side], ifnames[side]]
    await ip('-n', from, 'link', 'set', ifname, 'netns', netns)
    await ip('-n', netns, 'address', 'add', `${addresses[side]}/24`, 'dev', ifname)
    await ip('-n', netns, 'link', 'set', ifname, 'mtu', String(mtu), 'up')
  }

  /** Sets interfaces of the peer's own namespace up, in one call. */
  async setUpIdle(names) {
    const commands = names.map((name) => `ip link set ${name} up`)
    if (names.length > 0) await this.inside(this.host, 'sh', ['-ec', commands.join('\n')])
  }

  /** Waits until the two sides reach each other. */
  async connected(options) {
    const ping = ['-q', '-c', '1', '-W', '1', this.target]
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.inside(this.a, 'ping', ping, options)
      } catch (error) {
        if (attempt === 5 || options?.signal?.aborted) throw error
      }
    }
  }

  /** A side as the C programs want it: NETNS/IFNAME. */
  endpoint(side) {
    return `${this[side]}/${ifnames[side]}`
  }
}

function endProcess(pid) {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if (error.code !== 'ESRCH') throw error
  }
}
