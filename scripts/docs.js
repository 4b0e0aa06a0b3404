// Makes the generated parts of docs/ anew: npm run build, then node scripts/docs.js
import { readFileSync, writeFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { withOperations } from './lib/api-docs.js'
import { at, isMain, main, packageJson } from './lib/house.js'

async function docs() {
  const { openApi, routes } = await import(pathToFileURL(at('dist/control/api.js')).href)
  const file = at('docs/api.md')
  const document = openApi(routes, packageJson().version)
  writeFileSync(file, withOperations(readFileSync(file, 'utf8'), document))
}

if (isMain(import.meta)) await main(docs)
