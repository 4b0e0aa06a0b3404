/** The router: its routes and its neighbours. */
import * as z from 'zod'
import { neighborViews, routeViews } from '../router-view.js'
import { answers, route } from './route.js'
import { mac, milliseconds } from './values.js'

const place = {
  bridge: z.string().nullable().describe('Whose gateway it is by; null for an uplink'),
  uplink: z.string().nullable().describe('Null for a bridge'),
}

export const routeAnswer = z.strictObject({
  to: z.string().describe('Such as 10.55.0.0/24'),
  via: z.string().nullable().describe('The next hop; null on the link'),
  ...place,
  kind: z
    .enum(['local', 'connected', 'static', 'unreachable'])
    .describe("local: the router's own address; connected: a subnet of it"),
})
answers.add(routeAnswer, { id: 'RouterRoute' })

export const neighborAnswer = z.strictObject({
  ...place,
  vlan: z.number().nullable(),
  address: z.string(),
  mac: mac.nullable().describe('Null while it is not known'),
  state: z
    .enum(['incomplete', 'reachable', 'stale', 'delay', 'probe', 'failed', 'permanent'])
    .describe('As in RFC 4861 section 7.3.2; permanent: of the config'),
  age: milliseconds.nullable().describe('Milliseconds since it was last heard of'),
})
answers.add(neighborAnswer, { id: 'Neighbor' })

const scope = z.strictObject({
  bridge: z.string().optional().describe('Of this bridge only'),
  uplink: z.string().optional().describe('Of this uplink only'),
})

export const routerRoutes = [
  route({
    method: 'GET',
    path: '/v1/routes',
    operation: 'listRoutes',
    summary: 'The routes of the router',
    query: scope,
    answer: { status: 200, schema: z.array(routeAnswer), description: 'Longest prefix first' },
    errors: [404],
    handle: ({ running }, { query }) => routeViews(running, query),
  }),
  route({
    method: 'GET',
    path: '/v1/neighbors',
    operation: 'listNeighbors',
    summary: 'The neighbours of the router',
    query: scope,
    answer: { status: 200, schema: z.array(neighborAnswer), description: 'The neighbours' },
    errors: [404],
    handle: ({ running }, { query }) => neighborViews(running, query),
  }),
]
