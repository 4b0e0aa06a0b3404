// The lab of `linkspan/testing`: how long a test waits for its network, and what that carries.
import { pathToFileURL } from 'node:url'
import { at, HouseError } from '../../scripts/lib/house.js'

const HOSTS = 1000
/** Others that each host pings in a measurement. */
const OTHERS = 4
const OCTETS = 2 ** 26
const LABS = 20

const load = () => import(pathToFileURL(at('dist/testing/index.js')).href)

/** Milliseconds of the computer's that `work` takes. */
async function timed(work) {
  const begun = performance.now()
  await work()
  return performance.now() - begun
}

const only = (measure) => ({ contestants: [{ name: 'linkspan', label: 'Linkspan', measure }] })

async function smallLab(createLab) {
  const lab = await createLab({ seed: 7 })
  lab.bridge('lan', { gateway: ['10.55.0.1/24', 'fd55::1/64'] })
  const [first, second] = Array.from({ length: 10 }, (_, index) => lab.host(`h${index}`))
  const { received } = await first.ping(second)
  await lab.close()
  if (received !== 1) throw new HouseError('bench: a ping in a lab of 10 hosts was not answered')
}

/** A thousand hosts on a bridge. */
class Crowd {
  #next = 1

  constructor(lab) {
    lab.bridge('lan', { subnets: ['10.55.0.0/16'] })
    this.hosts = Array.from({ length: HOSTS }, (_, index) => lab.host(`h${index}`))
  }

  get #frames() {
    return this.hosts.reduce((sum, { link }) => sum + link.counters.received, 0)
  }

  /** Each pings some others at once; M frames a second of the computer's time that came to hosts. */
  async #ping(first, times) {
    const before = this.#frames
    const milliseconds = await timed(async () => {
      for (let time = 0; time < times; time++) await Promise.all(this.#round(first))
    })
    return { value: (this.#frames - before) / milliseconds / 1e3 }
  }

  #round(first) {
    return this.hosts.flatMap((host, index) =>
      Array.from({ length: OTHERS }, async (_, which) => {
        const to = this.hosts[(index + first + which) % HOSTS]
        const { received } = await host.ping(to)
        if (received !== 1) throw new HouseError(`bench: ${to.name} did not answer ${host.name}`)
      }),
    )
  }

  strangers() {
    const first = this.#next
    this.#next += OTHERS
    return this.#ping(first, 1)
  }

  acquaintances() {
    return this.#ping(1, 10)
  }
}

const crowd = (which) => async () => {
  const { createLab } = await load()
  const hosts = new Crowd(await createLab({ seed: 7 }))
  await hosts.strangers()
  await hosts.acquaintances()
  return only(() => hosts[which]())
}

async function transfer(lab, round) {
  const [from, to] = ['client', 'server'].map((name) => lab.host(`${name}${round}`))
  let came = 0
  to.listen(80, async ({ readable }) => {
    for await (const chunk of readable) came += chunk.length
  })
  const connection = await from.connect(to, 80)
  const writer = connection.writable.getWriter()
  const chunk = new Uint8Array(2 ** 16)
  for (let sent = 0; sent < OCTETS; sent += chunk.length) await writer.write(chunk)
  await writer.close()
  await lab.run()
  if (came !== OCTETS) throw new HouseError(`bench: ${came} of ${OCTETS} octets came`)
}

const common = { needs: {}, better: 'more' }

/** @type {import('../lib/figure.js').Figure[]} */
export const figures = [
  {
    name: 'lab-start',
    title: 'A lab of 10 hosts is up',
    variant: '10 hosts',
    unit: 'ms',
    ...{ ...common, better: 'less' },
    method: `From \`createLab\` until a ping between two of ten hosts, on a bridge with a gateway of both families, is answered, and the lab is closed; the mean of ${LABS}, one after the other in one process.`,
    targets: [{ of: 'linkspan', atMost: 20 }],
    async setUp() {
      const { createLab } = await load()
      const labs = async () => {
        for (let count = 0; count < LABS; count++) await smallLab(createLab)
      }
      await labs() // V8 compiles what is used often
      return only(async () => ({ value: (await timed(labs)) / LABS }))
    },
  },
  {
    name: 'lab-strangers',
    title: '1,000 hosts of a lab ping each other, neighbours unknown',
    variant: 'neighbours unknown',
    unit: 'M frames/s',
    ...common,
    method: `Each of ${HOSTS} hosts on a bridge pings ${OTHERS} others that it does not know, all at once; frames that come to hosts, most of them ARP requests that are flooded, a second of the computer's time.`,
    targets: [{ of: 'linkspan', atLeast: 1 }],
    setUp: crowd('strangers'),
  },
  {
    name: 'lab-acquaintances',
    title: '1,000 hosts of a lab ping each other, neighbours known',
    variant: 'neighbours known',
    unit: 'M frames/s',
    ...common,
    method: `The same where all know each other, ten times: requests and answers only.`,
    targets: [{ of: 'linkspan', atLeast: 1 }],
    setUp: crowd('acquaintances'),
  },
  {
    name: 'lab-tcp',
    title: 'TCP between two hosts of a lab',
    variant: 'TCP',
    unit: 'Gbit/s',
    ...common,
    method: `${OCTETS / 2 ** 20} MiB over one connection, by a bridge, links that do nothing; octets a second of the computer's time.`,
    targets: [{ of: 'linkspan', atLeast: 1 }],
    async setUp() {
      const { createLab } = await load()
      const lab = await createLab({ seed: 7 })
      lab.bridge('lan')
      let round = 0
      const measure = async () => {
        const milliseconds = await timed(() => transfer(lab, round++))
        return { value: (OCTETS * 8) / milliseconds / 1e6 }
      }
      await measure()
      return only(measure)
    },
  },
]
