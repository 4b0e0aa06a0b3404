// dist/config → dist/schema.json, what editors check a config with.
import { existsSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { filesBelow, write } from '../lib/files.js'
import { at, HouseError } from '../lib/house.js'

const emitted = () => filesBelow(at('dist/config'), (name) => name.endsWith('.js'))

/** The module of the config room that makes the schema. */
async function findSchema() {
  for (const file of emitted()) {
    const { configJsonSchema } = await import(pathToFileURL(file).href)
    if (configJsonSchema) return configJsonSchema
  }
  const found = existsSync(at('dist/config'))
    ? 'no file of dist/config exports it'
    : 'dist/config is not there'
  throw new HouseError(`schema: configJsonSchema(): ${found}. Export it from a file in src/config.`)
}

export const schema = {
  name: 'schema',
  needs: ['ts'],
  inputs: emitted,
  outputs: () => [at('dist/schema.json')],
  async run() {
    const configJsonSchema = await findSchema()
    write(at('dist/schema.json'), `${JSON.stringify(configJsonSchema(), null, 2)}\n`)
    return 'dist/schema.json'
  },
}
