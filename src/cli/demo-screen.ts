/** What the demo prints: plain lines, and on a terminal one line at the bottom that moves. */

const BARS = '▁▂▃▄▅▆▇█'

export class Screen {
  /** False where lines cannot be taken back: a file, a pipe, a terminal that says it is dumb. */
  readonly moves = process.stdout.isTTY === true && process.env.TERM !== 'dumb'
  readonly #colours = this.moves && !process.env.NO_COLOR

  heading(text: string): void {
    this.line(`\n${this.#styled('1', text)}`)
  }

  line(text: string): void {
    console.log(text)
  }

  /** Shows a line until the next `live` or `settle`. Nothing where lines cannot be taken back. */
  live(text: string): void {
    if (this.moves) process.stdout.write(`\r\x1b[K${text.slice(0, process.stdout.columns || 80)}`)
  }

  /** Takes the moving line away. */
  settle(): void {
    if (this.moves) process.stdout.write('\r\x1b[K')
  }

  /** A command as a person types it. */
  command(text: string): void {
    this.line(this.#styled('36', `$ ${text}`))
  }

  #styled(code: string, text: string): string {
    return this.#colours ? `\x1b[${code}m${text}\x1b[0m` : text
  }
}

/** The last `width` values as bars, the highest of all values full. */
export function bars(values: readonly number[], width = 24): string {
  const top = Math.max(...values, 1)
  const bar = (value: number) => BARS[Math.round((value / top) * (BARS.length - 1))]
  return values.slice(-width).map(bar).join('')
}
