/** The commands of a page of the docs, in order: those of its tables, and those of its transcripts. */
export interface DocCommand {
  line: number
  command: string
  /** What it prints, where the page says so; `…` stands for anything. */
  prints?: string
}

/** Fenced blocks of a language, without their fences. */
export function blocksOf(page: string, language: string): string[] {
  const fence = new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms')
  return [...page.matchAll(fence)].map(([, text = '']) => text)
}

/** @param program only commands of tables that begin with this word are commands */
export function commandsOf(page: string, program: string): DocCommand[] {
  const commands: DocCommand[] = []
  let transcript: DocCommand | undefined
  let within: string | undefined
  for (const [index, text] of page.split('\n').entries()) {
    const line = index + 1
    if (text.startsWith('```')) {
      within = within === undefined ? text.slice(3) : undefined
      transcript = undefined
    } else if (within === 'console') {
      if (text.startsWith('$ ')) {
        transcript = { line, command: text.slice(2), prints: '' }
        commands.push(transcript)
      } else if (transcript) transcript.prints += `${text}\n`
    } else if (within === undefined && text.startsWith('|')) {
      commands.push(...inTable(text, program).map((command) => ({ line, command })))
    }
  }
  return commands
}

/** The code of the last cell of a row; a bar in a command is written `\|`. */
function inTable(row: string, program: string): string[] {
  const cell = row.split(/(?<!\\)\|/).at(-2) ?? ''
  const codes = [...cell.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code.replaceAll('\\|', '|'))
  return codes.filter((code) => code.startsWith(`${program} `))
}

/** Whether an output is what the page says, spaces aside. */
export function fits(output: string, prints: string): boolean {
  const plain = (text: string) =>
    text
      .replace(/[ \t]+/g, ' ')
      .replace(/^ | $/gm, '')
      .trim()
  const lines = plain(prints).split('\n')
  const pattern = lines.map((line) => {
    if (line === '…') return '(?:.*\\n)*?'
    return `${line.split('…').map(literally).join('.*')}\\n`
  })
  return new RegExp(`^${pattern.join('')}$`).test(`${plain(output)}\n`)
}

const literally = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
