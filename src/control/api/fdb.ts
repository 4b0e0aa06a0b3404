/** The MAC table: listed, changed. */
import * as z from 'zod'
import { shownBridge } from '../../config/uplink-port.js'
import { addLearnt, flush, listed } from '../fdb-scope.js'
import { answers, requests, route } from './route.js'
import { mac, milliseconds, vlanText } from './values.js'

export const fdbAnswer = z.strictObject({
  bridge: z.string().nullable().describe('Null on an uplink'),
  vlan: z.number().nullable(),
  mac,
  port: z.string().nullable().describe('Null where the MAC is behind a tunnel'),
  vtep: z.string().nullable().describe('The end of that tunnel'),
  age: milliseconds
    .nullable()
    .describe('Milliseconds since it was last seen; null where it does not age'),
  static: z.boolean(),
  sticky: z.boolean().describe('Learnt on a sticky port: neither ages nor moves'),
  external: z
    .boolean()
    .describe('Of the directory: does not age, and moves when it is heard elsewhere'),
})
answers.add(fdbAnswer, { id: 'FdbEntry' })

const vlan = z
  .int()
  .min(1)
  .max(4094)
  .optional()
  .describe("On a VLAN-aware bridge; the port's own if left out")

const ONE_PLACE = 'expected either a "port" or a "vtep": a MAC is in one place'

const addition = z
  .strictObject({
    bridge: z.string(),
    vlan,
    mac,
    port: z.string().optional().describe('Where it is; or'),
    vtep: z.string().optional().describe('the VTEP, one of the peers of the bridge, it is behind'),
    static: z.boolean().default(true).describe('false: as if it had been learnt, so that it ages'),
  })
  .refine(({ port, vtep }) => (port === undefined) !== (vtep === undefined), ONE_PLACE)
requests.add(addition, { id: 'FdbAddition' })

const deletion = z.strictObject({ bridge: z.string(), vlan, mac })
requests.add(deletion, { id: 'FdbDeletion' })

const flushing = z.strictObject({
  bridge: z.string().optional().describe('On this bridge only'),
  port: z.string().optional().describe('On this port only'),
  vtep: z.string().optional().describe('Behind this VTEP only'),
  vlan: vlan.describe('In this VLAN only'),
})
requests.add(flushing, { id: 'FdbFlush' })

const scope = z.strictObject({
  bridge: z.string().optional().describe('On this bridge only'),
  vlan: vlanText.optional().describe('In this VLAN only'),
  port: z.string().optional().describe('On this port only'),
  vtep: z.string().optional().describe('Behind this VTEP only'),
  mac: mac.optional().describe('Of this MAC only'),
})

export const fdbRoutes = [
  route({
    method: 'GET',
    path: '/v1/fdb',
    operation: 'listFdb',
    summary: 'The MAC table',
    query: scope,
    answer: { status: 200, schema: z.array(fdbAnswer), description: 'The entries in force' },
    errors: [404],
    handle: ({ running }, { query }) =>
      listed(running, query).map((entry) => ({ ...entry, bridge: shownBridge(entry.bridge) })),
  }),
  route({
    method: 'POST',
    path: '/v1/fdb',
    operation: 'addFdbEntry',
    summary: 'Add an entry, or replace one',
    body: addition,
    answer: { status: 204, description: 'It is there' },
    errors: [404, 409, 503],
    handle: ({ running }, { body }) => {
      const { static: fixed, ...entry } = body
      return fixed ? running.addEntry(entry) : addLearnt(running, entry)
    },
  }),
  route({
    method: 'POST',
    path: '/v1/fdb/delete',
    operation: 'deleteFdbEntry',
    summary: 'Remove an entry, static or not',
    body: deletion,
    answer: { status: 204, description: 'It is gone' },
    errors: [404, 503],
    handle: ({ running }, { body }) => running.removeEntry(body),
  }),
  route({
    method: 'POST',
    path: '/v1/fdb/flush',
    operation: 'flushFdb',
    summary: 'Forget what was learnt; static entries stay',
    body: flushing,
    answer: { status: 204, description: 'It is forgotten' },
    errors: [404],
    handle: ({ running }, { body }) => {
      flush(running, body)
      running.reprogram()
    },
  }),
]
