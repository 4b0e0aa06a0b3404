/** Ports: listed, added, removed. */
import * as z from 'zod'
import type { PortInput } from '../../config/types.js'
import { portView } from '../view.js'
import { answers, checkedByConfig, requests, route } from './route.js'
import { count, named, origin } from './values.js'

const traffic = z.strictObject({ frames: count, bytes: count, drops: count })

export const portAnswer = z.strictObject({
  name: z.string(),
  bridge: z.string(),
  device: z.string().describe('The type of its device'),
  ifname: z.string().nullable(),
  netns: z.string().nullable(),
  origin,
  state: z.enum(['up', 'down', 'waiting', 'error']),
  error: z.string().nullable().describe('Why it waits or failed'),
  mtu: z.number(),
  rx: traffic.describe('Into the switch'),
  tx: traffic.describe('Out of the switch'),
  kernelDrops: count.nullable().describe('Frames the kernel dropped before the switch read them'),
})
answers.add(portAnswer, { id: 'Port' })

const addition = z.strictObject({ name: z.string(), port: checkedByConfig('PortConfig') })
requests.add(addition, { id: 'PortAddition' })

export const portRoutes = [
  route({
    method: 'GET',
    path: '/v1/ports',
    operation: 'listPorts',
    summary: 'All ports and their counters',
    answer: { status: 200, schema: z.array(portAnswer), description: 'The ports' },
    handle: ({ running }) => [...running.ports.values()].map(portView),
  }),
  route({
    method: 'POST',
    path: '/v1/ports',
    operation: 'addPort',
    summary: 'Add a port',
    description: 'It forwards when this answers. One that waits for its device is added too.',
    body: addition,
    answer: { status: 201, schema: portAnswer, description: 'The port' },
    errors: [404, 409],
    handle: async ({ running }, { body }) =>
      portView(await running.addPort(body.name, body.port as unknown as PortInput)),
  }),
  route({
    method: 'DELETE',
    path: '/v1/ports/{name}',
    operation: 'removePort',
    summary: 'Remove a port, and its interface if Linkspan made it',
    parameters: named,
    answer: { status: 204, description: 'It is gone' },
    errors: [404],
    handle: ({ running }, { parameters }) => running.removePort(parameters.name),
  }),
]
