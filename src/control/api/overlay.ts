/** The overlay: its tunnels, and the sockets that they leave by. */
import * as z from 'zod'
import { tunnelViews, underlayViews } from '../overlay-view.js'
import { traffic } from './ports.js'
import { answers, route } from './route.js'
import { count } from './values.js'

const state = z.enum(['up', 'down', 'waiting', 'error'])

export const tunnelAnswer = z.strictObject({
  name: z.string().describe('That of ports: for /v1/drops and captures'),
  bridge: z.string(),
  vni: z.number(),
  vtep: z.string().describe('Its other end'),
  local: z.string().describe('Our end'),
  port: z.number().describe('The UDP port, here and there'),
  state: state.describe("That of our end's socket"),
  error: z.string().nullable().describe('Why it waits or failed'),
  mtu: z.number().describe('The longest packet of a bridged frame that it takes'),
  pathMtu: z
    .number()
    .nullable()
    .describe('What the way to the VTEP takes, outer headers included, as it told; else null'),
  learning: z.boolean().describe('Whether MACs are learnt from what comes by it'),
  rx: traffic.describe('Frames out of it, into the switch'),
  tx: traffic.describe('Frames into it, out of the switch'),
  entries: count.describe('MACs behind it'),
  errors: z
    .strictObject({ tooBig: count, unreachable: count })
    .describe('Datagrams to the VTEP, of all its tunnels, of which the underlay said so'),
})
answers.add(tunnelAnswer, { id: 'Tunnel' })

export const underlayAnswer = z.strictObject({
  name: z.string().describe('That of ports'),
  address: z.string(),
  port: z.number(),
  netns: z.string().nullable(),
  state,
  error: z.string().nullable().describe('Why it waits or failed'),
  mtu: z.number().nullable().describe('Of the interface with the address; null where none has it'),
  sourcePorts: z
    .strictObject({ first: z.number(), count: z.number() })
    .nullable()
    .describe('Where datagrams come from; null while there is no socket'),
  rx: traffic.describe('Datagrams that came in'),
  tx: traffic.describe('Datagrams that left'),
  kernel: z
    .strictObject({
      drops: count.describe('Datagrams that found no room in the socket, or had a wrong checksum'),
      checksumErrors: count.describe('Of all UDP sockets of its namespace and IP version'),
      bufferErrors: count.describe('Of the same'),
    })
    .nullable()
    .describe('What the kernel dropped before the switch read it'),
})
answers.add(underlayAnswer, { id: 'UnderlaySocket' })

const scope = z.strictObject({
  bridge: z.string().optional().describe('Of this bridge only'),
  vtep: z.string().optional().describe('To this VTEP only'),
})

export const overlayRoutes = [
  route({
    method: 'GET',
    path: '/v1/tunnels',
    operation: 'listTunnels',
    summary: 'The tunnels of bridges, and what they carry',
    query: scope,
    answer: { status: 200, schema: z.array(tunnelAnswer), description: 'The tunnels' },
    errors: [404],
    handle: ({ running }, { query }) => tunnelViews(running, query),
  }),
  route({
    method: 'GET',
    path: '/v1/underlay',
    operation: 'listUnderlay',
    summary: 'The sockets of the underlay',
    answer: { status: 200, schema: z.array(underlayAnswer), description: 'The sockets' },
    handle: ({ running }) => underlayViews(running),
  }),
]
