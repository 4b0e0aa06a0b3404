/** What the switch counts: drops, workers, metrics. */
import * as z from 'zod'
import { BURST_SIZES } from '../../dataplane/abi.js'
import { dropViews, workerViews } from '../view.js'
import { answers, route } from './route.js'
import { count, milliseconds } from './values.js'

export const dropAnswer = z.strictObject({
  port: z.string(),
  reason: z.string(),
  frames: count,
  text: z.string().describe('What the reason means'),
})
answers.add(dropAnswer, { id: 'Drops' })

export const workerAnswer = z.strictObject({
  worker: z.number(),
  state: z.enum(['starting', 'running', 'failed', 'stopped']),
  bursts: count,
  frames: count,
  learned: count,
  moved: count,
  expired: count,
  evicted: count,
  unlearned: count,
  staticViolated: count,
  burstSizes: z
    .array(count)
    .length(BURST_SIZES)
    .describe('Bursts of 1, 2 to 3, 4 to 7 … 128 to 255 and 256 frames'),
  busy: milliseconds.describe('Milliseconds spent on frames and time-outs'),
  waited: milliseconds.describe('Milliseconds spent waiting for them'),
  flowsBegun: count,
  flowsEvicted: z
    .strictObject({ unanswered: count, ended: count })
    .describe('They had to make room for others: nobody had answered, or they had ended'),
  flowsExpired: count,
})
answers.add(workerAnswer, { id: 'Worker' })

export const statisticRoutes = [
  route({
    method: 'GET',
    path: '/v1/drops',
    operation: 'listDrops',
    summary: 'Frames dropped, by port and reason',
    query: z.strictObject({
      port: z
        .string()
        .optional()
        .describe('Of this port only; `router`: of what the router itself sends'),
    }),
    answer: { status: 200, schema: z.array(dropAnswer), description: 'Reasons that occurred' },
    errors: [404],
    handle: ({ running }, { query }) => dropViews(running, query.port),
  }),
  route({
    method: 'GET',
    path: '/v1/workers',
    operation: 'listWorkers',
    summary: 'The forwarding threads',
    answer: { status: 200, schema: z.array(workerAnswer), description: 'The workers' },
    handle: ({ running }) => workerViews(running),
  }),
  route({
    method: 'GET',
    path: '/metrics',
    operation: 'getMetrics',
    summary: 'Metrics in the text format of Prometheus',
    description: 'See docs/metrics.md.',
    answer: {
      status: 200,
      contentType: 'text/plain; version=0.0.4; charset=utf-8',
      description: 'The metrics',
    },
    handle: ({ metrics }) => metrics(),
  }),
]
