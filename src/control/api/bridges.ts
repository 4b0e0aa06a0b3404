/** Bridges: listed, added, removed. */
import * as z from 'zod'
import type { BridgeInput } from '../../config/types.js'
import { bridgeView, bridgeViews } from '../view.js'
import { mirror } from './policy.js'
import { answers, checkedByConfig, requests, route } from './route.js'
import { count, mac, milliseconds, named, origin, settings } from './values.js'

export const bridgeAnswer = z.strictObject({
  name: z.string(),
  origin,
  ports: z.array(z.string()),
  ageing: milliseconds,
  mtu: z.number().nullable().describe('The most that a port of it may have'),
  vlanAware: z.boolean(),
  vlanProtocol: z.enum(['802.1Q', '802.1ad']).nullable(),
  vlans: z.array(z.number()).nullable().describe('Those that its ports name'),
  isolated: z.boolean().describe('The default of its ports'),
  controlFrames: z.array(z.string()).describe('Link-local protocols that pass'),
  mirror: mirror.nullable(),
  gateway: z
    .strictObject({
      addresses: z.array(z.string()),
      mac,
      vlan: z.number().nullable(),
      advertise: z.boolean(),
    })
    .nullable()
    .describe("The router's own interface on it"),
  policy: z.enum(['allow', 'deny']).describe('What becomes of what no filter rule matches'),
  vxlan: z
    .strictObject({
      vni: z.number(),
      port: z.number().describe('The UDP port'),
      peers: z.array(z.string()).describe('VTEPs that it has a tunnel to'),
      suppressed: count.describe('Questions for stations behind tunnels that were answered here'),
    })
    .nullable()
    .describe('Its tunnels to other hosts'),
  fdb: z.strictObject({ dynamic: count, static: count }),
})
answers.add(bridgeAnswer, { id: 'Bridge' })

const addition = z.strictObject({
  name: z.string(),
  bridge: checkedByConfig('BridgeConfig').default({}),
})
requests.add(addition, { id: 'BridgeAddition' })

const change = z.strictObject({
  bridge: settings(
    'Settings of BridgeConfig to change, as a JSON merge patch (RFC 7396): null takes the default',
  ),
})
requests.add(change, { id: 'BridgeChange' })

export const bridgeRoutes = [
  route({
    method: 'GET',
    path: '/v1/bridges',
    operation: 'listBridges',
    summary: 'All bridges',
    answer: { status: 200, schema: z.array(bridgeAnswer), description: 'The bridges' },
    handle: ({ running }) => bridgeViews(running),
  }),
  route({
    method: 'POST',
    path: '/v1/bridges',
    operation: 'addBridge',
    summary: 'Add a bridge',
    body: addition,
    answer: { status: 201, schema: bridgeAnswer, description: 'The bridge' },
    errors: [409],
    handle: async ({ running }, { body }) => {
      await running.addBridge(body.name, body.bridge as unknown as BridgeInput)
      return bridgeView(running, body.name)
    },
  }),
  route({
    method: 'PATCH',
    path: '/v1/bridges/{name}',
    operation: 'changeBridge',
    summary: 'Change settings of a bridge while it runs',
    description:
      'Its ports stay as they are: `isolated` and `mtu` are the defaults of ports added later. ' +
      'Without vlanAware they lose their VLANs.',
    parameters: named,
    body: change,
    answer: { status: 200, schema: bridgeAnswer, description: 'The bridge as it is now' },
    errors: [404, 409],
    handle: async ({ running }, { parameters, body }) => {
      await running.setBridge(parameters.name, body.bridge)
      return bridgeView(running, parameters.name)
    },
  }),
  route({
    method: 'DELETE',
    path: '/v1/bridges/{name}',
    operation: 'removeBridge',
    summary: 'Remove a bridge that has no ports',
    parameters: named,
    answer: { status: 204, description: 'It is gone' },
    errors: [404, 409],
    handle: ({ running }, { parameters }) => running.removeBridge(parameters.name),
  }),
]
