// Pieces of HTML. Whatever is put into a piece is escaped, unless it is a piece itself.
import { escaped } from './svg.js'

class Piece {
  constructor(text) {
    this.text = text
  }

  toString() {
    return this.text
  }
}

/** Text that is HTML already, as a picture is. */
export const raw = (text) => new Piece(text)

function render(value) {
  if (value instanceof Piece) return value.text
  if (Array.isArray(value)) return value.map(render).join('')
  return value === undefined || value === null || value === false ? '' : escaped(value)
}

/** A template of HTML: `html\`<p>${text}</p>\``. */
export const html = (strings, ...values) =>
  new Piece(
    strings
      .map((text, index) => text + (index < values.length ? render(values[index]) : ''))
      .join(''),
  )

/** What methods and notes say: `code` stands between backticks. */
export const prose = (text) =>
  text
    .split('`')
    .map((part, index) => (index % 2 === 0 ? html`${part}` : html`<code>${part}</code>`))

/**
 * A table.
 *
 * @param {string[]} heads
 * @param {unknown[][]} rows of texts, numbers ready made as text, and pieces
 * @param {{numbers?: boolean}} [options] `numbers`: all columns but the first are numbers
 */
export function table(heads, rows, { numbers = false } = {}) {
  const kind = (column) => (numbers && column > 0 ? raw(' class="number"') : '')
  const head = heads.map((text, column) => html`<th${kind(column)}>${text}</th>`)
  const cell = (value, column) =>
    column === 0 ? html`<th scope="row">${value}</th>` : html`<td${kind(column)}>${value}</td>`
  return html`<div class="wide"><table><thead><tr>${head}</tr></thead><tbody>
${rows.map((row) => html`<tr>${row.map(cell)}</tr>`)}
</tbody></table></div>`
}
