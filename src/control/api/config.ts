/** The config: shown, applied, confirmed. */
import * as z from 'zod'
import type { ConfigInput } from '../../config/types.js'
import { planView } from '../plan.js'
import { answers, checkedByConfig, requests, route } from './route.js'
import { time } from './values.js'

const object = z.record(z.string(), z.unknown())

export const changeAnswer = z.strictObject({
  op: z
    .enum(['add', 'update', 'replace', 'remove'])
    .describe('replace: a port stays and gets another device'),
  object: z.enum([
    'switch',
    'bridge',
    'port',
    'fdb',
    'uplink',
    'underlay',
    'route',
    'neighbor',
    'nat',
    'publish',
    'filter',
  ]),
  name: z
    .string()
    .describe(
      'Of a static entry: bridge and MAC; of a route its destination; of the underlay its addresses; * where the order of a list changed',
    ),
  keys: z.array(z.string()).describe('The settings that differ; empty unless updated or replaced'),
  from: object.nullable(),
  to: object.nullable(),
})
answers.add(changeAnswer, { id: 'Change' })

export const applyAnswer = z.strictObject({
  dryRun: z.boolean(),
  changes: z.array(changeAnswer),
  confirmBy: time.nullable().describe('When this is taken back, unless it is confirmed before'),
  warnings: z
    .array(z.string())
    .describe('What could not be closed when the config was in force; it is in force all the same'),
})
answers.add(applyAnswer, { id: 'Applied' })

/** A day; setTimeout takes 24. */
const CONFIRM_MAX = 86_400_000

const apply = z.strictObject({
  config: checkedByConfig('Config'),
  prune: z.boolean().default(false).describe('Ports and bridges that were added by hand go too'),
  dryRun: z.boolean().default(false).describe('Says what would be done and does nothing'),
  confirm: z
    .int()
    .min(1000)
    .max(CONFIRM_MAX)
    .optional()
    .describe('Milliseconds after which all is taken back, unless it is confirmed'),
})
requests.add(apply, { id: 'Apply' })

export const configRoutes = [
  route({
    method: 'GET',
    path: '/v1/config',
    operation: 'getConfig',
    summary: 'The config that is in force, every default filled in',
    answer: { status: 200, schema: checkedByConfig('Config'), description: 'The config' },
    handle: ({ running }) => running.config,
  }),
  route({
    method: 'POST',
    path: '/v1/apply',
    operation: 'applyConfig',
    summary: 'Move to a config in one step',
    description:
      'All of it or, with an error, nothing. What is the same in both configs loses no frame. ' +
      'A change of workers, capacity or control is refused with the code RESTART.',
    body: apply,
    answer: { status: 200, schema: applyAnswer, description: 'What was done' },
    errors: [404, 409],
    handle: async ({ running }, { body }) => {
      const { config, ...options } = body
      const applied = await running.apply(config as ConfigInput, options)
      return {
        dryRun: options.dryRun,
        changes: planView(applied.changes),
        confirmBy: applied.confirmBy?.toISOString() ?? null,
        warnings: [...applied.warnings],
      }
    },
  }),
  route({
    method: 'POST',
    path: '/v1/confirm',
    operation: 'confirmConfig',
    summary: 'Keep what was applied with confirm',
    answer: { status: 204, description: 'It stays' },
    errors: [404],
    handle: ({ running }) => running.confirm(),
  }),
]
