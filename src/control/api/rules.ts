/** The filter: its rules, and what each has decided. */
import * as z from 'zod'
import { ruleViews } from '../rule-view.js'
import { answers, route } from './route.js'
import { count } from './values.js'

const place = z
  .strictObject({
    prefix: z.string().nullable(),
    port: z.string().nullable(),
    bridge: z.string().nullable(),
    uplink: z.string().nullable(),
  })
  .nullable()

const ports = z.array(z.union([z.number(), z.string()])).nullable()

export const ruleAnswer = z.strictObject({
  number: z.number().describe('Its place, from 1'),
  name: z.string(),
  action: z.enum(['allow', 'deny', 'reject']),
  from: place.describe('Null for anywhere'),
  to: place,
  protocol: z.string().nullable(),
  sourcePort: ports.describe('Numbers and ranges'),
  destinationPort: ports,
  icmpType: z.array(z.number()).nullable(),
  state: z.array(z.enum(['new', 'established', 'related'])).nullable(),
  packets: count.describe('Packets that it decided'),
  bytes: count,
})
answers.add(ruleAnswer, { id: 'Rule' })

export const ruleRoutes = [
  route({
    method: 'GET',
    path: '/v1/rules',
    operation: 'listRules',
    summary: 'The rules of the filter, and what each has decided',
    answer: { status: 200, schema: z.array(ruleAnswer), description: 'The rules, in their order' },
    handle: ({ running }) => ruleViews(running),
  }),
]
