/** The switch as a whole: what it is, stopping it, what happens to it, this description. */
import * as z from 'zod'
import { onEvent } from '../events.js'
import { infoView } from '../view.js'
import { answers, route } from './route.js'
import { count, mac, time } from './values.js'

export const infoAnswer = z.strictObject({
  pid: z.number(),
  version: z.string(),
  startedAt: time,
  bridges: count,
  ports: count,
  workers: count,
  fdb: z.strictObject({ entries: count, capacity: count }),
  eventsLost: count.describe('Events of the workers that nobody fetched in time'),
  confirmBy: time.nullable().describe('When the last apply is taken back unless it is confirmed'),
})
answers.add(infoAnswer, { id: 'Info' })

const bridge = z.string()
const port = z.string()
const event = <T extends string, S extends z.ZodRawShape>(type: T, shape: S) =>
  z.strictObject({ time, type: z.literal(type), ...shape })

export const eventAnswer = z.discriminatedUnion('type', [
  event('port', { port, event: z.string(), why: z.string().nullable() }),
  event('moved', { bridge: bridge.nullable(), mac, port, from: port }),
  event('table-full', { bridge: bridge.nullable(), port }),
  event('static-violated', { bridge: bridge.nullable(), mac, port, owner: port }),
  event('blocked', { bridge: bridge.nullable(), mac, port, reason: z.string() }),
  event('contested', {
    vni: z.number(),
    mac: mac.nullable(),
    vtep: z.string(),
    source: z.string(),
  }),
  event('dataplane', {
    event: z.string(),
    bridge: bridge.nullable(),
    port,
    mac,
    detail: z.number(),
  }),
  event('mirror', {
    port: port.nullable(),
    bridge: bridge.nullable(),
    file: z.string(),
    event: z.string(),
    why: z.string().nullable(),
  }),
  event('worker', {
    worker: z.number(),
    error: z.string(),
    final: z.boolean().describe('It is not started any more'),
    frames: count.describe('That it had in hand, which are lost'),
    file: z.string().nullable().describe('A capture of them'),
  }),
  event('applied', { changes: count, confirmBy: time.nullable() }),
  event('leftover', { why: z.string() }),
  event('rolled-back', { changes: count, error: z.string().nullable() }),
  event('lost', { events: count.describe('Left out, since this client read too slowly') }),
])
answers.add(eventAnswer, { id: 'Event' })

const stopping = z.strictObject({ pid: z.number().describe('The process that ends') })
answers.add(stopping, { id: 'Stopping' })

export const switchRoutes = [
  route({
    method: 'GET',
    path: '/v1/info',
    operation: 'getInfo',
    summary: 'What is running',
    answer: { status: 200, schema: infoAnswer, description: 'The switch' },
    handle: ({ running, version }) => infoView(running, version),
  }),
  route({
    method: 'POST',
    path: '/v1/stop',
    operation: 'stop',
    summary: 'Stop the switch',
    answer: { status: 200, schema: stopping, description: 'It is stopping' },
    handle: ({ stop }) => {
      setImmediate(stop)
      return { pid: process.pid }
    },
  }),
  route({
    method: 'GET',
    path: '/v1/events',
    operation: 'watchEvents',
    summary: 'What happens, as it happens: a JSON object a line',
    description:
      'Goes on until the client leaves. One that reads too slowly is told how many events it missed.',
    answer: {
      status: 200,
      schema: eventAnswer,
      contentType: 'application/x-ndjson',
      description: 'Events',
    },
    handle:
      ({ running }) =>
      (write: (line: object) => void) =>
        onEvent(running, write),
  }),
  route({
    method: 'GET',
    path: '/v1/openapi.json',
    operation: 'getDescription',
    summary: 'This description: OpenAPI 3.1',
    answer: { status: 200, schema: z.looseObject({ openapi: z.string() }), description: 'OpenAPI' },
    handle: ({ describe }) => describe(),
  }),
]
