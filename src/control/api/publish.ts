/** Published services: listed, added, removed. */
import * as z from 'zod'
import type { PublishInput } from '../../config/types.js'
import type { RunningSwitch } from '../running.js'
import { answers, requests, route } from './route.js'
import { named, origin } from './values.js'

const protocol = z.enum(['tcp', 'udp', 'icmp'])

export const publishAnswer = z.strictObject({
  name: z.string(),
  origin,
  listen: z.string().describe('Such as wan:8080-8081 or 203.0.113.10:80'),
  to: z.array(z.string()).describe('Such as 10.55.0.2:80-81'),
  protocol: z.array(protocol),
})
answers.add(publishAnswer, { id: 'Published' })

export type PublishView = z.output<typeof publishAnswer>

const addition = z.strictObject({
  name: z.string(),
  listen: z.string(),
  to: z.array(z.string()),
  protocol: z.array(protocol).optional(),
})
requests.add(addition, { id: 'PublishAddition' })

function viewsOf(running: RunningSwitch): PublishView[] {
  return running.config.publish.map(({ name, listen, to, protocol }) => {
    return {
      name,
      origin: running.publishOrigin(name),
      listen,
      to: [...to],
      protocol: [...protocol],
    }
  })
}

export const publishRoutes = [
  route({
    method: 'GET',
    path: '/v1/publish',
    operation: 'listPublished',
    summary: 'Published services',
    answer: { status: 200, schema: z.array(publishAnswer), description: 'The services' },
    handle: ({ running }) => viewsOf(running),
  }),
  route({
    method: 'POST',
    path: '/v1/publish',
    operation: 'publish',
    summary: 'Publish a service',
    description: 'As an entry of `publish` in docs/config.md. It stays when a config is applied.',
    body: addition,
    answer: { status: 201, schema: publishAnswer, description: 'The service' },
    errors: [409],
    handle: async ({ running }, { body }) => {
      const { protocol, ...rest } = body
      await running.addPublish({ ...rest, ...(protocol && { protocol }) } as PublishInput)
      return viewsOf(running).find(({ name }) => name === body.name)
    },
  }),
  route({
    method: 'DELETE',
    path: '/v1/publish/{name}',
    operation: 'unpublish',
    summary: 'Publish a service no more',
    description: 'Its flows end in the same step.',
    parameters: named,
    answer: { status: 204, description: 'It is gone' },
    errors: [404],
    handle: ({ running }, { parameters }) => running.removePublish(parameters.name),
  }),
]
