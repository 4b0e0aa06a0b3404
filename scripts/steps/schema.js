// dist/config → dist/schema.json, what editors check a config with.
import { pathToFileURL } from 'node:url'
import { filesBelow, write } from '../lib/files.js'
import { at } from '../lib/house.js'

const module = at('dist/config/json-schema.js')

export const schema = {
  name: 'schema',
  needs: ['js'],
  inputs: () => filesBelow(at('src/config')),
  outputs: () => [at('dist/schema.json')],
  async run() {
    const { configJsonSchema } = await import(pathToFileURL(module).href)
    write(at('dist/schema.json'), `${JSON.stringify(configJsonSchema(), null, 2)}\n`)
    return 'dist/schema.json'
  },
}
