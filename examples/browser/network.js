// The network of the page: a home behind NAT, and an internet with a web server and a host far away.
import { createLab } from 'linkspan/testing'

/** @returns {Promise<import('linkspan/testing').Lab>} whose time passes when the page says so */
export async function makeNetwork(seed) {
  const lab = await createLab({ seed, clock: 'manual' })
  const home = lab.bridge('home', { gateway: ['10.55.0.1/24'] })
  const internet = lab.bridge('internet', { subnets: ['203.0.113.0/24'] })
  lab.router({
    uplinks: { wan: { bridge: internet, addresses: ['203.0.113.10/24'] } },
    nat: [{ type: 'masquerade', from: { bridge: 'home' }, uplink: 'wan' }],
  })
  lab.host('laptop', { bridge: home, link: { delay: '5ms' } })
  lab.host('phone', { bridge: home, link: { delay: '8ms' } })
  lab.link('wan.internet').set({ delay: '10ms', rate: '10Mbit' })
  serve(lab.host('web', { bridge: internet, link: { delay: '5ms' } }))
  serve(lab.host('far', { bridge: internet, link: { delay: '30ms', loss: '10%' } }))
  return lab
}

/** Answers a number with so many octets. */
function serve(host) {
  host.listen(80, async ({ readable, writable }) => {
    const { value } = await readable.getReader().read()
    const writer = writable.getWriter()
    await writer.write(new Uint8Array(Number(new TextDecoder().decode(value))))
    await writer.close()
  })
}

/** What the buttons do: a title, and what happens, which tells of its progress and returns its result. */
export const actions = [
  ping('laptop', 'web'),
  ping('phone', 'far'),
  ping('laptop', 'phone'),
  fetch('laptop', 'web', 60_000),
  fetch('phone', 'far', 30_000),
]

function ping(from, to) {
  return {
    title: `${from} pings ${to}`,
    async run(lab) {
      const options = { count: 3, interval: '20ms', timeout: '500ms' }
      const { sent, received, rtt } = await lab.hosts.get(from).ping(to, options)
      const times =
        rtt && `, ${[rtt.min, rtt.average, rtt.max].map((ms) => ms.toFixed(1)).join(' / ')} ms`
      return `${received} of ${sent} answered${times ?? ''}`
    },
  }
}

function fetch(from, to, octets) {
  return {
    title: `${from} fetches ${octets / 1000} kB from ${to}`,
    async run(lab, tell) {
      const start = lab.now
      const connection = await lab.hosts.get(from).connect(to, 80)
      const writer = connection.writable.getWriter()
      await writer.write(new TextEncoder().encode(String(octets)))
      let got = 0
      for await (const chunk of chunksOf(connection.readable)) {
        got += chunk.length
        tell(`${Math.round((100 * got) / octets)} %`)
      }
      await writer.close()
      const ms = lab.now - start
      return `${got} octets in ${ms.toFixed(0)} ms, ${((8 * got) / ms / 1000).toFixed(2)} Mbit/s`
    },
  }
}

/** Not every browser can loop over a stream. */
async function* chunksOf(readable) {
  const reader = readable.getReader()
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    yield value
  }
}
