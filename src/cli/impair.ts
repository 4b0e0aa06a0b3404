/** `linkspan impair PORT`: what a port does to frames, and changing that. */
import type { Way } from '../config/port-impair.js'
import type { DropView, PortView } from '../control/view.js'
import { LinkspanError } from '../error.js'
import { call } from './client.js'
import { settingsOf, wayWords } from './impair-words.js'
import type { Target } from './target.js'

export interface ImpairOptions extends Target {
  receive?: boolean
  transmit?: boolean
  seed?: number
  clear?: boolean
  json?: boolean
}

export async function impair(
  name: string,
  words: readonly string[],
  options: ImpairOptions,
): Promise<void> {
  const { seed, json } = options
  const patch = patchOf(words, options)
  if (patch === undefined && seed === undefined) return show(name, options)
  if (json) throw new LinkspanError('USAGE', '--json is for showing: leave the settings out')
  const whole = patch === null ? null : { ...patch, ...(seed !== undefined && { seed }) }
  await call(options, 'PATCH', at(name), { port: { impair: whole } })
}

const at = (name: string) => `/v1/ports/${encodeURIComponent(name)}`

/** Null for none at all any more; undefined where nothing is said. */
function patchOf(words: readonly string[], options: ImpairOptions) {
  const { receive, transmit, clear, seed } = options
  if (clear && (words.length > 0 || seed !== undefined)) {
    throw new LinkspanError('USAGE', '--clear takes all settings away: say it without others')
  }
  if (!clear && words.length === 0) return undefined
  const one: Way | undefined = receive === transmit ? undefined : receive ? 'receive' : 'transmit'
  const settings = clear ? null : settingsOf(words)
  return one === undefined ? settings : { [one]: settings }
}

async function show(name: string, options: ImpairOptions): Promise<void> {
  if (options.receive || options.transmit) {
    throw new LinkspanError('USAGE', 'nothing to set: say what, as in delay=20ms')
  }
  const port = await call<PortView>(options, 'GET', at(name))
  if (options.json) return console.log(JSON.stringify(port.impair))
  const drops = await call<DropView[]>(options, 'GET', `/v1/drops?port=${encodeURIComponent(name)}`)
  console.log(impairText(port, drops))
}

/** A line each way, and one for each reason for which frames were lost. */
export function impairText({ name, impair }: PortView, drops: readonly DropView[]): string {
  if (impair === null) return `port ${name} is not impaired`
  const lines = (['receive', 'transmit'] as const).map((way) => {
    const { held, duplicated, corrupted } = impair[way]
    const words = wayWords(impair[way]).join(' ') || '-'
    return `${way.padEnd(8)} ${words}; ${held} held, ${duplicated} duplicated, ${corrupted} corrupted`
  })
  const lost = drops.filter(({ reason }) => reason.startsWith('impair-'))
  return [
    `port     ${name}, seed ${impair.seed}`,
    ...lines,
    ...lost.map(({ reason, frames, text }) => `drops    ${frames} ${reason}: ${text}`),
  ].join('\n')
}
