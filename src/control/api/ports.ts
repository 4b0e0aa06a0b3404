/** Ports: listed, added, removed. */
import * as z from 'zod'
import type { PortInput } from '../../config/types.js'
import { vlanNumbers } from '../../config/vlan.js'
import { portView, portViews } from '../view.js'
import { impair } from './impair.js'
import { policyShape } from './policy.js'
import { answers, checkedByConfig, requests, route } from './route.js'
import { count, mac, named, origin, settings } from './values.js'

export const traffic = z.strictObject({ frames: count, bytes: count, drops: count })

const receiveQueue = z.strictObject({
  unit: z.enum(['frames', 'bytes']).describe("Bytes are of the kernel's memory"),
  capacity: count,
  used: count.nullable().describe('Of the fullest; null where the kernel does not tell'),
})

export const portAnswer = z.strictObject({
  name: z.string(),
  bridge: z.string().nullable().describe('Null for an uplink, and for a socket of the underlay'),
  device: z.string().describe('The type of its device'),
  place: z.string().describe('Where it is: an interface, a path'),
  ifname: z.string().nullable(),
  netns: z.string().nullable(),
  origin,
  state: z.enum(['up', 'down', 'waiting', 'error']),
  error: z.string().nullable().describe('Why it waits or failed'),
  up: z.boolean().describe('Whether its config lets it forward'),
  mtu: z.number(),
  mac: mac.nullable().describe("The interface's; null where there is none"),
  ...policyShape,
  impair: impair
    .nullable()
    .describe('What becomes of its frames; null where they pass as they are'),
  rx: traffic.describe('Into the switch'),
  tx: traffic.describe('Out of the switch'),
  kernelDrops: count.nullable().describe('Frames the kernel dropped before the switch read them'),
  queue: receiveQueue
    .nullable()
    .describe('Where frames wait in the kernel for the switch, each of several; null without'),
})
answers.add(portAnswer, { id: 'Port' })

const addition = z.strictObject({ name: z.string(), port: checkedByConfig('PortConfig') })
requests.add(addition, { id: 'PortAddition' })

const change = z.strictObject({
  port: settings(
    'Settings of PortConfig to change, as a JSON merge patch (RFC 7396): null takes the default; ' +
      'guard and mirror are replaced as a whole, vlan unless both are trunks, each setting of impair',
  ),
  tag: vlanNumbers.optional().describe('VLANs that the port carries tagged as well'),
  untag: vlanNumbers.optional().describe('VLANs that it carries tagged no more'),
})
requests.add(change, { id: 'PortChange' })

export const portRoutes = [
  route({
    method: 'GET',
    path: '/v1/ports',
    operation: 'listPorts',
    summary: 'All ports, what they do with frames, and their counters',
    query: z.strictObject({ bridge: z.string().optional().describe('On this bridge only') }),
    answer: { status: 200, schema: z.array(portAnswer), description: 'The ports' },
    errors: [404],
    handle: ({ running }, { query }) => portViews(running, query.bridge),
  }),
  route({
    method: 'GET',
    path: '/v1/ports/{name}',
    operation: 'getPort',
    summary: 'One port',
    parameters: named,
    answer: { status: 200, schema: portAnswer, description: 'The port' },
    errors: [404],
    handle: ({ running }, { parameters }) => portView(running, parameters.name),
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
    handle: async ({ running }, { body }) => {
      await running.addPort(body.name, body.port as unknown as PortInput)
      return portView(running, body.name)
    },
  }),
  route({
    method: 'PATCH',
    path: '/v1/ports/{name}',
    operation: 'changePort',
    summary: 'Change settings of a port while it runs',
    description:
      'In one step, without loss where its device stays. A port of the config is as the config has ' +
      'it again when one is applied; one of the API keeps what it was given.',
    parameters: named,
    body: change,
    answer: { status: 200, schema: portAnswer, description: 'The port as it is now' },
    errors: [404, 409],
    handle: async ({ running }, { parameters, body }) => {
      const { port, tag = [], untag = [] } = body
      await running.setPort(parameters.name, { port, tag, untag })
      return portView(running, parameters.name)
    },
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
