/** Where the two routers differ on purpose: each a line in docs/conformance.md. */
import { expect } from 'vitest'

/** What came out of one router for a step, told. */
export type Outcome = readonly string[]

interface Explained {
  line: string
  holds: (linkspan: Outcome, kernel: Outcome) => void
}

/** Linkspan sends one packet on, the kernel calls it invalid. */
function passesHere(linkspan: Outcome, kernel: Outcome): void {
  expect({ linkspan: linkspan.length, kernel }).toEqual({ linkspan: 1, kernel: [] })
}

/** The kernel sends one packet on, Linkspan drops it. */
function passesThere(linkspan: Outcome, kernel: Outcome): void {
  expect({ kernel: kernel.length, linkspan }).toEqual({ kernel: 1, linkspan: [] })
}

export const DIFFERENCES = {
  window: { line: 'A16', holds: passesHere },
  'transport checksum': { line: 'K1', holds: passesHere },
  'SYN of the one called': { line: 'A16', holds: passesHere },
  'martian source': { line: 'R3', holds: passesThere },
  filtering: { line: 'A7', holds: passesHere },
} satisfies Record<string, Explained>

export type Difference = keyof typeof DIFFERENCES
