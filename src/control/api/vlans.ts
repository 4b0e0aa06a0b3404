/** VLANs: which port is in which, and how its frames leave. */
import * as z from 'zod'
import { vlanViews } from '../vlan-view.js'
import { answers, route } from './route.js'
import { vlanText } from './values.js'

export const vlanAnswer = z.strictObject({
  bridge: z.string(),
  vlan: z.number(),
  port: z.string(),
  mode: z.enum(['access', 'tunnel', 'trunk']),
  tagged: z.boolean().describe('Whether its frames leave with the tag of the VLAN'),
  native: z.boolean().describe('Whether frames that come in untagged are of this VLAN'),
})
answers.add(vlanAnswer, { id: 'VlanMember' })

const scope = z.strictObject({
  bridge: z.string().optional().describe('Of this bridge only'),
  vlan: vlanText.optional().describe('This VLAN only'),
  port: z.string().optional().describe('Of this port only'),
})

export const vlanRoutes = [
  route({
    method: 'GET',
    path: '/v1/vlans',
    operation: 'listVlans',
    summary: 'The ports of every VLAN of VLAN-aware bridges',
    query: scope,
    answer: { status: 200, schema: z.array(vlanAnswer), description: 'A row a VLAN and port' },
    errors: [404],
    handle: ({ running }, { query }) => vlanViews(running, query),
  }),
]
