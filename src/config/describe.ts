/** How values, keys and lists of names are written in messages to people. */

const FOUND_MAX = 60

/** A value in one short line: strings quoted, collections only named. */
export function describe(value: unknown): string {
  if (value === undefined || value === null) return 'nothing'
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list'
  if (typeof value === 'string') return quote(value)
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  return typeof value === 'object' ? 'a mapping' : `a ${typeof value}`
}

/** JSON quoting keeps control characters out of a terminal, and newlines out of a one-line error. */
export function quote(text: string): string {
  return JSON.stringify(text.length > FOUND_MAX ? `${text.slice(0, FOUND_MAX)}…` : text)
}

/** A path as a person writes it: `ports.web.device.mtu`, `fdb[0].mac`, `ports["a.b"].bridge`. */
export function keyText(path: readonly PropertyKey[]): string {
  const parts = path.map((part) => {
    if (typeof part === 'number') return `[${part}]`
    return /^[\w-]+$/.test(String(part)) ? `.${String(part)}` : `[${quote(String(part))}]`
  })
  return parts.join('').replace(/^\./, '')
}

/** `"a", "b" or "c"`; a long list is cut, since a config may have a thousand ports. */
export function oneOf(names: readonly string[], most = 12): string {
  const shown = names.slice(0, most).map(quote)
  if (names.length > most) return `${shown.join(', ')} or ${names.length - most} more`
  return shown.length < 2 ? shown.join('') : `${shown.slice(0, -1).join(', ')} or ${shown.at(-1)}`
}

/** `; did you mean "mtu"?` when one of the known names is near, else nothing. */
export function didYouMean(name: string, known: readonly string[]): string {
  const near = nearest(name, known)
  return near === undefined ? '' : `; did you mean ${quote(near)}?`
}

/** The known name fewest edits away; none when it would take more than a third of the letters. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  const most = Math.max(1, Math.floor(name.length / 3))
  let best: string | undefined
  let bestEdits = most + 1
  for (const candidate of known) {
    if (Math.abs(candidate.length - name.length) > most) continue
    const edits = editDistance(name.toLowerCase(), candidate.toLowerCase())
    if (edits < bestEdits) [best, bestEdits] = [candidate, edits]
  }
  return best
}

/** Optimal string alignment: insert, delete, substitute, or swap two neighbours (`mut` for `mtu`). */
function editDistance(a: string, b: string): number {
  let before: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const substituted = at(last, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1)
      let edits = Math.min(at(last, j) + 1, at(row, j - 1) + 1, substituted)
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      if (swapped) edits = Math.min(edits, at(before, j - 2) + 1)
      row.push(edits)
    }
    before = last
    last = row
  }
  return at(last, b.length)
}

/** All cells that are asked for exist; the compiler cannot know it. */
function at(row: number[], index: number): number {
  return row[index] as number
}
