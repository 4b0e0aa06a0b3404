/** Reading metrics as Prometheus does. */
import { expect } from 'vitest'
import type { Linkspan } from './linkspan.js'

interface Sample {
  name: string
  labels: Record<string, string>
  value: number
}

/** Reads the text format of Prometheus, strictly; anything else in it throws. */
function parse(text: string): { types: Map<string, string>; samples: Sample[] } {
  const types = new Map<string, string>()
  const samples: Sample[] = []
  expect(text.endsWith('\n')).toBe(true)
  for (const line of text.split('\n').filter(Boolean)) {
    const type = /^# TYPE (\w+) (counter|gauge|histogram)$/.exec(line)
    if (type) types.set(type[1] ?? '', type[2] ?? '')
    if (line.startsWith('# ')) {
      expect(line).toMatch(/^# (HELP \w+ \S.*|TYPE \w+ \w+)$/)
      continue
    }
    const sample = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line)
    if (!sample) throw new Error(`no sample: ${line}`)
    const pairs = [...(sample[2] ?? '').matchAll(/(\w+)="((?:[^"\\\n]|\\.)*)"(?:,|$)/g)]
    const labels = Object.fromEntries(pairs.map(([, key, value]) => [key, value]))
    expect(pairs.map(([whole]) => whole).join('')).toBe(sample[2] ?? '')
    samples.push({ name: sample[1] ?? '', labels, value: Number(sample[3]) })
  }
  return { types, samples }
}

/** What a switch tells Prometheus. */
export async function scrape(running: Linkspan) {
  const { types, samples } = parse(await running.do('metrics'))
  const of = (name: string, labels: Record<string, string> = {}) =>
    samples.filter((sample) => {
      const fits = Object.entries(labels).every(([key, value]) => sample.labels[key] === value)
      return sample.name === name && fits
    })
  const value = (name: string, labels?: Record<string, string>) => of(name, labels)[0]?.value
  return { types, samples, of, value }
}
