/** Words of the directory block of linear memory: no two at one place. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

test('every word of the directory has a place of its own', () => {
  const source = readFileSync(new URL('../../assembly/memory.ts', import.meta.url), 'utf8')
  const block = /export namespace Directory \{(.*?)\n\}/s.exec(source)?.[1] ?? ''
  const words = [...block.matchAll(/export const (\w+): usize = (\d+)/g)].map(
    ([, name, at]) => [Number(at), name] as const,
  )
  expect(words.length).toBeGreaterThan(30)
  const places = new Map<number, string[]>()
  for (const [at, name = ''] of words) places.set(at, [...(places.get(at) ?? []), name])
  expect([...places.values()].filter((names) => names.length > 1)).toEqual([])
})
