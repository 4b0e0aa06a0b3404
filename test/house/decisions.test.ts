import { readdirSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { at } from '../../scripts/lib/house.js'

const pages = readdirSync(at('docs/decisions')).filter((name) => name !== 'README.md')

it.each(pages)('the list of decisions has %s, by its title', (page) => {
  const [, number, title] =
    /^# (\d+)\. (.+)\n/.exec(readFileSync(at('docs/decisions', page), 'utf8')) ?? []
  expect(page).toMatch(new RegExp(`^${number?.padStart(4, '0')}-[a-z0-9-]+\\.md$`))
  expect(readFileSync(at('docs/decisions/README.md'), 'utf8')).toContain(
    `| [${number?.padStart(4, '0')}](${page}) | ${title} |`,
  )
})
