/** Connection tracking: the flows, listed and ended. */
import * as z from 'zod'
import { formatAddress, parseAddress } from '../../config/address.js'
import { flowStates } from '../../dataplane/abi.js'
import type { FlowFilter } from '../../dataplane/flows.js'
import { LinkspanError } from '../../error.js'
import type { RunningSwitch } from '../running.js'
import { answers, requests, route } from './route.js'
import { count, milliseconds } from './values.js'

const state = z.enum(flowStates).exclude(['none'])

const port = z.number().describe('0 of protocols without ports; of an echo its identifier')
const tuple = z.strictObject({
  source: z.string(),
  sourcePort: port,
  destination: z.string(),
  destinationPort: port,
})

export const flowAnswer = z.strictObject({
  protocol: z.string().describe('tcp, udp, icmp, icmpv6, or its number'),
  state,
  original: tuple.describe('As the first packet was'),
  reply: tuple.describe('As an answer comes in'),
  nat: z.array(z.enum(['source', 'destination'])),
  age: milliseconds,
  expires: milliseconds.describe('Milliseconds until it ends, if nothing comes any more'),
  frames: count,
  bytes: count,
})
answers.add(flowAnswer, { id: 'Flow' })

export type FlowView = z.output<typeof flowAnswer>

const LIMIT = 10_000

const text = z.string()
const number = z.string().regex(/^\d+$/, 'expected a whole number').transform(Number)
const scope = z.strictObject({
  protocol: text.optional().describe('Of this protocol only'),
  state: state.optional().describe('In this state only'),
  address: text.optional().describe('With this address in any place'),
  port: number.optional().describe('With this port in any place'),
  limit: number.optional().describe(`At most so many; ${LIMIT} if left out`),
})

const deletion = z.strictObject({
  protocol: text.optional(),
  state: state.optional(),
  address: text.optional(),
  port: z.int().min(0).max(65_535).optional(),
  all: z.boolean().default(false).describe('Needed where nothing else is said'),
})
requests.add(deletion, { id: 'FlowDeletion' })

const deleted = z.strictObject({ deleted: count })
answers.add(deleted, { id: 'FlowsDeleted' })

function filterOf({ address, protocol, state, port }: Omit<z.output<typeof scope>, 'limit'>) {
  return {
    ...(protocol !== undefined && { protocol }),
    ...(state !== undefined && { state }),
    ...(address !== undefined && { address: formatAddress(parseAddress(address).bytes) }),
    ...(port !== undefined && { port }),
  } satisfies FlowFilter
}

function flowViews(running: RunningSwitch, filter: FlowFilter, limit: number): FlowView[] {
  const found: FlowView[] = []
  for (const flow of running.flows.list(filter)) {
    if (found.length >= limit) break
    found.push(flow)
  }
  return found
}

function remove(running: RunningSwitch, { all, ...scope }: z.output<typeof deletion>) {
  const filter = filterOf(scope)
  if (!all && Object.keys(filter).length === 0) {
    const message = 'say which flows: by protocol, state, address or port, or all of them by "all"'
    throw new LinkspanError('INVALID', message)
  }
  return { deleted: running.flows.delete(filter) }
}

export const flowRoutes = [
  route({
    method: 'GET',
    path: '/v1/flows',
    operation: 'listFlows',
    summary: 'Tracked connections',
    query: scope,
    answer: { status: 200, schema: z.array(flowAnswer), description: 'The flows' },
    handle: ({ running }, { query }) => {
      const { limit = LIMIT, ...rest } = query
      return flowViews(running, filterOf(rest), limit)
    },
  }),
  route({
    method: 'POST',
    path: '/v1/flows/delete',
    operation: 'deleteFlows',
    summary: 'End flows',
    description: 'What still comes of them begins new ones, or is dropped.',
    body: deletion,
    answer: { status: 200, schema: deleted, description: 'How many ended' },
    handle: ({ running }, { body }) => remove(running, body),
  }),
]
