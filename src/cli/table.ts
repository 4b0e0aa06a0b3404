/** Tables for a terminal. */

/** Rows under headings; columns of numbers are aligned to the right. */
export function table(headings: readonly string[], rows: readonly (string | number)[][]): string {
  const cells = rows.map((row) => row.map(String))
  const widths = headings.map((heading, column) =>
    Math.max(heading.length, ...cells.map((row) => row[column]?.length ?? 0)),
  )
  const numeric = headings.map(
    (_, column) => rows.length > 0 && rows.every((row) => typeof row[column] === 'number'),
  )
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0
        return numeric[column] ? cell.padStart(width) : cell.padEnd(width)
      })
      .join('  ')
      .trimEnd()
  return [headings, ...cells].map(line).join('\n')
}

const UNITS = ['', 'k', 'M', 'G', 'T']

/** A number a second for people: 1234567 → "1.23 M". */
export function short(value: number): string {
  let unit = 0
  let rest = value
  while (rest >= 1000 && unit < UNITS.length - 1) {
    rest /= 1000
    unit++
  }
  const digits = unit === 0 || rest >= 100 ? 0 : rest >= 10 ? 1 : 2
  return `${rest.toFixed(digits)}${unit === 0 ? '' : ` ${UNITS[unit]}`}`
}
