/** Words of linear memory's directory, and of a worker's block: no two at one place. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

test.each(['Directory', 'Worker'])('every word of %s has a place of its own', (namespace) => {
  const source = readFileSync(new URL('../../assembly/memory.ts', import.meta.url), 'utf8')
  const block =
    new RegExp(`export namespace ${namespace} \\{(.*?)\\n\\}`, 's').exec(source)?.[1] ?? ''
  const words = [...block.matchAll(/export const (\w+): usize = (\d+)/g)].map(
    ([, name, at]) => [Number(at), name] as const,
  )
  expect(words.length).toBeGreaterThan(20)
  const places = new Map<number, string[]>()
  for (const [at, name = ''] of words) places.set(at, [...(places.get(at) ?? []), name])
  expect([...places.values()].filter((names) => names.length > 1)).toEqual([])
})
