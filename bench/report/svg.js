// What all charts have in common: SVG that can be read in a light and a dark page, with no script and no
// font of its own.

/** Colours: `ours` and c0 are Linkspan's blue; c1 to c7 can be told apart by who is colour-blind, too. */
export const style = `
  svg text { font: 13px system-ui, sans-serif; fill: #1f2328 }
  svg .title { font-weight: 600; font-size: 15px }
  svg .unit, svg .group, svg .tick { fill: #59636e }
  svg .tick { font-size: 12px }
  svg .bar { fill: #8c959f } svg .ours { fill: #1f6feb }
  svg .spread { stroke: #1f2328; stroke-width: 1.5 }
  svg .grid { stroke: #d1d9e0 } svg .middle { stroke: #8c959f; stroke-dasharray: 3 3 }
  svg .line { fill: none; stroke-width: 2; stroke-linejoin: round }
  svg .range { stroke-width: 6; opacity: .25 }
  .c0 { --c: #1f6feb } .c1 { --c: #bc4c00 } .c2 { --c: #1a7f37 } .c3 { --c: #8250df }
  .c4 { --c: #9a6700 } .c5 { --c: #bf3989 } .c6 { --c: #0f766e } .c7 { --c: #57606a }
  svg .line, svg .range { stroke: var(--c) } svg .dot { fill: var(--c) } svg text.name { fill: var(--c) }
  @media (prefers-color-scheme: dark) {
    svg text { fill: #e6edf3 } svg .unit, svg .group, svg .tick { fill: #9198a1 }
    svg .bar { fill: #656c76 } svg .ours { fill: #4493f8 } svg .spread { stroke: #e6edf3 }
    svg .grid { stroke: #30363d } svg .middle { stroke: #656c76 }
    .c0 { --c: #4493f8 } .c1 { --c: #f0883e } .c2 { --c: #3fb950 } .c3 { --c: #ab7df8 }
    .c4 { --c: #d29922 } .c5 { --c: #f778ba } .c6 { --c: #2dd4bf } .c7 { --c: #9198a1 }
  }
`

/** The class of the n-th colour. */
export const colour = (index) => `c${index % 8}`

/** Text as it may stand in XML and HTML, in an attribute too. */
export const escaped = (text) =>
  String(text)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;')

/** What a text of 13 px takes at most, near enough. */
export const widthOf = (text) => Math.ceil(String(text).length * 7.2)

export const round = (number) => Number(number.toFixed(1))

/** @param {{className: string, x: number, y: number, end?: boolean, middle?: boolean}} place */
export function textAt(text, { className, x, y, end, middle }) {
  const anchor = end ? ' text-anchor="end"' : middle ? ' text-anchor="middle"' : ''
  const kind = className === '' ? '' : ` class="${className}"`
  return `<text${kind} x="${round(x)}" y="${round(y)}"${anchor}>${escaped(text)}</text>`
}

/**
 * A whole picture.
 *
 * @param {object} picture
 * @param {number} picture.width
 * @param {number} picture.height
 * @param {string} picture.said what it is, to who cannot see it
 * @param {string[]} picture.parts
 * @param {boolean} [picture.inPage] it stands in a page that has `style`; otherwise it is a file of its own
 */
export function svg({ width, height, said, parts, inPage = false }) {
  const own = inPage ? '' : `<style>${style}</style>\n`
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escaped(said)}">
${own}${parts.join('\n')}
</svg>
`
}
