/** The directory: what is known of other hosts' stations, and what programs say of them. */
import * as z from 'zod'
import { NAME, NAME_PATTERN } from '../../config/names.js'
import { remove, say } from '../directory-edit.js'
import { endpointViews, peerViews } from '../directory-view.js'
import { answers, requests, route } from './route.js'
import { count, mac } from './values.js'

const marks = {
  source: z.string().describe('Who says so'),
  stale: z.boolean().describe('Who said so was lost: it may be true still'),
  contested: z.boolean().describe('Another source says otherwise; the one that spoke last counts'),
}
const bridge = z.string().nullable().describe('That has the VNI; null where none has')
const vni = z
  .int()
  .min(0)
  .max(2 ** 24 - 1)
const vtep = z.string().describe('Such as 192.0.2.11')

export const peerAnswer = z.strictObject({
  bridge,
  vni: z.number(),
  vtep: z.string(),
  host: z.string().nullable().describe('The switch that has the VTEP, where that is known'),
  ...marks,
})
answers.add(peerAnswer, { id: 'Peer' })

export const endpointAnswer = z.strictObject({
  bridge,
  vni: z.number(),
  mac,
  addresses: z.array(z.string()),
  vtep: z.string().describe('That it is behind'),
  ...marks,
})
answers.add(endpointAnswer, { id: 'Endpoint' })

const statements = z.strictObject({
  peers: z
    .array(z.strictObject({ vni, vtep, host: z.string().optional() }))
    .default([])
    .describe('VTEPs that take part in a VNI'),
  endpoints: z
    .array(z.strictObject({ vni, mac, addresses: z.array(z.string()).default([]), vtep }))
    .default([])
    .describe('Stations, and the VTEP that each is behind'),
})
requests.add(statements, { id: 'DirectoryStatements' })

const removal = z.strictObject({
  peers: z.array(z.strictObject({ vni, vtep })).default([]),
  endpoints: z.array(z.strictObject({ vni, mac })).default([]),
})
requests.add(removal, { id: 'DirectoryRemoval' })

const removed = z.strictObject({ removed: count })
answers.add(removed, { id: 'DirectoryRemoved' })

const spoken = z.strictObject({ source: z.string().regex(NAME_PATTERN, `expected ${NAME}`) })

const numberText = z
  .string()
  .regex(/^\d+$/, 'expected a VNI from 0 to 16777215')
  .transform(Number)
  .pipe(vni)

const scope = {
  bridge: z.string().optional().describe('Of this bridge only'),
  vni: numberText.optional().describe('Of this VNI only'),
  vtep: z.string().optional().describe('Of this VTEP only'),
  source: z.string().optional().describe('Of this source only'),
}

const reading = [
  route({
    method: 'GET',
    path: '/v1/endpoints',
    operation: 'listEndpoints',
    summary: 'Stations of other hosts, as the directory has them',
    query: z.strictObject({ ...scope, mac: mac.optional().describe('Of this MAC only') }),
    answer: { status: 200, schema: z.array(endpointAnswer), description: 'The endpoints' },
    errors: [404],
    handle: ({ running }, { query }) => {
      if (query.bridge !== undefined) running.topology.bridge(query.bridge)
      return endpointViews(running, query)
    },
  }),
  route({
    method: 'GET',
    path: '/v1/peers',
    operation: 'listPeers',
    summary: 'VTEPs that take part in VNIs, as the directory has them',
    query: z.strictObject(scope),
    answer: { status: 200, schema: z.array(peerAnswer), description: 'The peers' },
    errors: [404],
    handle: ({ running }, { query }) => {
      if (query.bridge !== undefined) running.topology.bridge(query.bridge)
      return peerViews(running, query)
    },
  }),
]

const writing = [
  route({
    method: 'PUT',
    path: '/v1/directory/{source}',
    operation: 'replaceDirectorySource',
    summary: 'All that a source says of peers and endpoints',
    description:
      'In one step: what it says again stays as it is, what it does not say any more goes.',
    parameters: spoken,
    body: statements,
    answer: { status: 204, description: 'It is known' },
    handle: ({ running }, { parameters, body }) =>
      say(running.directory, parameters.source, body, true),
  }),
  route({
    method: 'POST',
    path: '/v1/directory/{source}',
    operation: 'addToDirectorySource',
    summary: 'More that a source says, or other than before',
    parameters: spoken,
    body: statements,
    answer: { status: 204, description: 'It is known' },
    handle: ({ running }, { parameters, body }) =>
      say(running.directory, parameters.source, body, false),
  }),
  route({
    method: 'POST',
    path: '/v1/directory/{source}/delete',
    operation: 'deleteFromDirectorySource',
    summary: 'What a source does not say any more',
    parameters: spoken,
    body: removal,
    answer: { status: 200, schema: removed, description: 'How much of it the source had said' },
    handle: ({ running }, { parameters, body }) =>
      remove(running.directory, parameters.source, body),
  }),
  route({
    method: 'POST',
    path: '/v1/directory/{source}/lose',
    operation: 'loseDirectorySource',
    summary: 'A source is silent: what it said is stale, and goes in time',
    description: 'Said again it is not stale any more.',
    parameters: spoken,
    answer: { status: 204, description: 'It is stale' },
    handle: ({ running }, { parameters }) => running.directory.lose(parameters.source),
  }),
  route({
    method: 'POST',
    path: '/v1/directory/{source}/sync',
    operation: 'syncDirectorySource',
    summary: 'A source has told all: what it said before it was lost, and not since, goes',
    description:
      'With `lose` before and `POST` between: a replacement that no one request could hold.',
    parameters: spoken,
    answer: { status: 204, description: 'It is gone' },
    handle: ({ running }, { parameters }) => running.directory.synced(parameters.source),
  }),
  route({
    method: 'DELETE',
    path: '/v1/directory/{source}',
    operation: 'forgetDirectorySource',
    summary: 'A source takes its leave: all that it said goes',
    parameters: spoken,
    answer: { status: 204, description: 'It is forgotten' },
    handle: ({ running }, { parameters }) => running.directory.forget(parameters.source),
  }),
]

export const directoryRoutes = [...reading, ...writing]
