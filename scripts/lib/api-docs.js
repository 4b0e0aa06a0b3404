// The parts of docs/api.md that are made from the API's own description.

const MARK = { begin: '<!-- made by scripts/docs.js: begin -->', end: '<!-- end -->' }

const linesOf = (document) =>
  Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ path, method, operation })),
  )

const idOf = (schema) => schema?.$ref?.split('/').at(-1)

/** `Port[]`, `Port`, or what it is instead. */
function nameOf(content) {
  if (!content) return ''
  const [[type, { schema }]] = Object.entries(content)
  if (type === 'text/plain; version=0.0.4; charset=utf-8') return 'text'
  const list = schema.type === 'array' ? '[]' : ''
  const name = idOf(list ? schema.items : schema)
  const lines = type === 'application/x-ndjson' ? ' a line' : ''
  return name ? `\`${name}${list}\`${lines}` : 'JSON'
}

/** A table of all operations: what is sent, what is answered. */
export function operationTable(document) {
  const rows = linesOf(document).map(({ path, method, operation }) => {
    const [status, answer] = Object.entries(operation.responses).find(([code]) => code < '300')
    const sent = nameOf(operation.requestBody?.content)
    const said = [status, nameOf(answer.content)].filter(Boolean).join(' ')
    return `| \`${method.toUpperCase()} ${path}\` | ${operation.summary} | ${sent} | ${said} |`
  })
  return ['| request | what it does | body | answer |', '|---|---|---|---|', ...rows].join('\n')
}

/** The text with what stands between the marks made anew. */
export function withOperations(text, document) {
  const [begin, end] = [text.indexOf(MARK.begin), text.indexOf(MARK.end)]
  if (begin < 0 || end < begin) throw new Error(`docs/api.md has lost its marks: ${MARK.begin}`)
  const head = text.slice(0, begin + MARK.begin.length)
  return `${head}\n${operationTable(document)}\n${text.slice(end)}`
}
