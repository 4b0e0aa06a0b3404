// A run of a lab, as the package has it: prints what its capture hashes to.
import { createHash } from 'node:crypto'
import { createLab } from 'linkspan/testing'
import { EVERY_FAULT } from './every-fault.mjs'

const lab = await createLab({ seed: process.argv[2] })
const lan = lab.bridge('lan', { gateway: ['10.55.0.1/24', 'fd55::1/64'] })
const [a, b] = [lab.host('a', { bridge: lan }), lab.host('b', { bridge: lan, slaac: true })]
const file = lab.capture()
lab.link(a).set(EVERY_FAULT)
lab.link(b).set({ jitter: { time: 2, distribution: 'pareto', reorder: true }, delay: 3 })
await a.ping(b, { count: 100, interval: '5ms', size: 3000 })
await b.udp().send(a, 9, 'nobody')
await lab.advance('1h')
process.stdout.write(createHash('sha256').update(file.bytes()).digest('hex'))
await lab.close()
