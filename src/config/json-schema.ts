/** The JSON Schema of a config file, for editors and for whoever writes configs by program. */
import * as z from 'zod'
import { fileSchemas } from './schema.js'

/**
 * Draft 2020-12, of what a file may hold. It is the shape only: what must hold between the parts of
 * a config, and the finer points of an address, {@link parseConfig} checks.
 */
export function configJsonSchema(): Record<string, unknown> {
  const schema = z.toJSONSchema(fileSchemas.config, { target: 'draft-2020-12', io: 'input' })
  return { title: 'Linkspan config', ...schema }
}
