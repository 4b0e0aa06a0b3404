// All figures, in the order in which they are measured; a group is what `npm run bench -- NAME` names.
import { figure as directory } from './directory.js'
import { figures as frames } from './frames.js'
import { figures as lab } from './lab.js'
import { figure as latency } from './latency.js'
import { figures as loadLatency } from './load-latency.js'
import { figures as manyFlows } from './many-flows.js'
import { figures as manyMacs } from './many-macs.js'
import { figures as manyPorts } from './many-ports.js'
import { figures as matrix } from './matrix.js'
import { figure as memory } from './memory.js'
import { figure as micro } from './micro.js'
import { figures as nat } from './nat.js'
import { figures as overlay } from './overlay.js'
import { figures as pipeline } from './pipeline.js'
import { figure as routed } from './routed.js'
import { figure as rules } from './rules.js'
import { figure as setup } from './setup.js'
import { figure as soak } from './soak.js'
import { figure as start } from './start.js'
import { figure as tcp } from './tcp.js'
import { figures as throughput } from './throughput.js'
import { figure as vxlanLatency } from './vxlan-latency.js'
import { figure as vxlanTcp } from './vxlan-tcp.js'
import { figures as workers } from './workers.js'

/** @type {Record<string, import('../lib/figure.js').Figure[]>} */
export const groups = {
  tcp: [tcp],
  routed: [routed],
  setup: [setup],
  frames,
  throughput,
  latency: [latency],
  'load-latency': loadLatency,
  'many-flows': manyFlows,
  'many-macs': manyMacs,
  'many-ports': manyPorts,
  'vxlan-tcp': [vxlanTcp],
  'vxlan-latency': [vxlanLatency],
  directory: [directory],
  start: [start],
  pipeline,
  nat,
  overlay,
  rules: [rules],
  workers,
  lab,
  memory: [memory],
  micro: [micro],
  matrix,
  soak: [soak],
}

/** Groups that are measured only when they are named. */
export const onRequest = ['matrix', 'soak']
