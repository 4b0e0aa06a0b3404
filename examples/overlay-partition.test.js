// A cluster on an overlay that falls apart: three sites, a VXLAN network over the internet between them, and a node
// on each. Who does not see a majority of the nodes must not lead.
import { createLab } from 'linkspan/testing'
import { expect, test } from 'vitest'

/** What is tested: tells the others that it lives, and follows the first node that it hears of a majority. */
class Node {
  heard = new Map()

  constructor(lab, host, others) {
    Object.assign(this, { lab, host, others })
    this.socket = host.udp(7946, ({ text }) => void this.heard.set(text, lab.now))
    void this.#beat()
  }

  async #beat() {
    for (;;) {
      for (const other of this.others) await this.socket.send(other, 7946, this.host.name)
      await this.lab.sleep('100ms')
    }
  }

  /** Those that were heard of within half a second, and itself. */
  get alive() {
    const { now } = this.lab
    const others = [...this.heard].filter(([, time]) => now - time < 500).map(([name]) => name)
    return [this.host.name, ...others].sort()
  }

  /** The leader, where a majority is there. */
  get leader() {
    return this.alive.length * 2 > this.others.length + 1 ? this.alive[0] : undefined
  }
}

/** Sites 1 to 3: an edge with the address 192.0.2.N, VNI 42 to the others, and a node behind it. */
async function cluster() {
  const lab = await createLab({ clock: 'manual' })
  const internet = lab.bridge('internet', { subnets: ['192.0.2.0/24'] })
  const sites = [1, 2, 3].map((number) => {
    const edge = lab.switch(`edge${number}`)
    edge.underlay({ bridge: internet, addresses: [`192.0.2.${number}/24`] })
    edge.link.set({ delay: '15ms' })
    const peers = [1, 2, 3].filter((other) => other !== number).map((other) => `192.0.2.${other}`)
    const bridge = edge.bridge(`site${number}`, { vxlan: { vni: 42, peers } })
    return { edge, host: lab.host(`node${number}`, { bridge }) }
  })
  const hosts = sites.map(({ host }) => host)
  const nodes = hosts.map((host) => {
    const others = hosts.filter((other) => other !== host)
    return new Node(lab, host, others)
  })
  await lab.advance('2s') // they find each other
  return { lab, edges: sites.map(({ edge }) => edge), nodes }
}

const leaders = (nodes) => nodes.map(({ leader }) => leader)

test('all follow the first node', async () => {
  const { lab, nodes } = await cluster()
  expect(leaders(nodes)).toEqual(['node1', 'node1', 'node1'])
  await lab.close()
})

test('a site that is cut off follows nobody, the others the next node; and back', async () => {
  const { lab, edges, nodes } = await cluster()
  const [edge1, ...others] = edges
  lab.partition([edge1], others)
  await lab.advance('1s')
  expect(nodes[0].alive).toEqual(['node1'])
  expect(leaders(nodes)).toEqual([undefined, 'node2', 'node2'])
  lab.heal()
  await lab.advance('2s')
  expect(leaders(nodes)).toEqual(['node1', 'node1', 'node1'])
  await lab.close()
})

test('a tunnel that carries one way only: node 2 is heard, and hears nobody', async () => {
  const { lab, edges, nodes } = await cluster()
  const [edge1, edge2, edge3] = edges
  lab.cut([edge1, edge3], [edge2])
  await lab.advance('1s')
  expect(nodes.map(({ alive }) => alive.length)).toEqual([3, 1, 3])
  expect(leaders(nodes)).toEqual(['node1', undefined, 'node1'])
  await lab.close()
})

test('one tunnel fails, and no more than that: every node still sees a majority', async () => {
  const { lab, edges, nodes } = await cluster()
  lab.partition([edges[0]], [edges[2]])
  await lab.advance('1s')
  // Two leaders: what this way to choose one does not see. The test that finds it is the reason for a lab.
  expect(leaders(nodes)).toEqual(['node1', 'node1', 'node2'])
  await lab.close()
})
