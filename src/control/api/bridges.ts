/** Bridges: listed, added, removed. */
import * as z from 'zod'
import type { BridgeInput } from '../../config/types.js'
import { bridgeView, bridgeViews } from '../view.js'
import { answers, checkedByConfig, requests, route } from './route.js'
import { count, milliseconds, named, origin } from './values.js'

export const bridgeAnswer = z.strictObject({
  name: z.string(),
  origin,
  ports: z.array(z.string()),
  ageing: milliseconds,
  fdb: z.strictObject({ dynamic: count, static: count }),
})
answers.add(bridgeAnswer, { id: 'Bridge' })

const addition = z.strictObject({
  name: z.string(),
  bridge: checkedByConfig('BridgeConfig').default({}),
})
requests.add(addition, { id: 'BridgeAddition' })

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
