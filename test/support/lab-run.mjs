// A run of a lab, as the package has it, in whatever runtime: what it captured, as a hash.
import { createLab } from 'linkspan/testing'
import { EVERY_FAULT } from './every-fault.mjs'

/** @returns {Promise<string>} of the octets of the file, SHA-256 in hexadecimal */
export async function labHash(seed) {
  const lab = await createLab({ seed })
  const lan = lab.bridge('lan', { gateway: ['10.55.0.1/24', 'fd55::1/64'] })
  const [a, b] = [lab.host('a', { bridge: lan }), lab.host('b', { bridge: lan, slaac: true })]
  const file = lab.capture()
  lab.link(a).set(EVERY_FAULT)
  lab.link(b).set({ jitter: { time: 2, distribution: 'pareto', reorder: true }, delay: 3 })
  b.listen(80, ({ readable, writable }) => readable.pipeTo(writable))
  await a.ping(b, { count: 100, interval: '5ms', size: 3000 })
  await b.udp().send(a, 9, 'nobody')
  const { readable, writable } = await a.connect(b, 80)
  const writer = writable.getWriter()
  const sent = writer.write(new Uint8Array(50_000)).then(() => writer.close())
  await readable.pipeTo(new WritableStream())
  await sent
  await lab.advance('1h')
  const octets = file.bytes()
  await lab.close()
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', octets))
  return Array.from(hash, (octet) => octet.toString(16).padStart(2, '0')).join('')
}
