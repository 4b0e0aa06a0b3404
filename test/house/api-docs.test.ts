import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { withOperations } from '../../scripts/lib/api-docs.js'
import { at } from '../../scripts/lib/house.js'
import { openApi } from '../../src/control/api/openapi.js'
import { routes } from '../../src/control/api/routes.js'

test('docs/api.md says what the API has: node scripts/docs.js makes it anew', () => {
  const text = readFileSync(at('docs/api.md'), 'utf8')
  expect(text).toBe(withOperations(text, openApi(routes, '0')))
  expect(() => withOperations('no marks', openApi(routes, '0'))).toThrow('lost its marks')
})
