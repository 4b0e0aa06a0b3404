/** `linkspan apply` and `linkspan confirm`: the running switch moves to another config. */
import type * as z from 'zod'
import type { applyAnswer } from '../control/api/config.js'
import { call } from './client.js'
import { readConfig } from './config-file.js'
import { planText } from './plan-text.js'
import type { Target } from './target.js'

export interface ApplyOptions extends Target {
  config?: string
  prune?: boolean
  dryRun?: boolean
  /** Milliseconds. */
  confirm?: number
  json?: boolean
}

type Answer = z.output<typeof applyAnswer>

export async function apply(options: ApplyOptions): Promise<void> {
  const { prune = false, dryRun = false, confirm, json } = options
  const config = readConfig(options.config)
  const answer = await call<Answer>(options, 'POST', '/v1/apply', {
    config,
    prune,
    dryRun,
    ...(confirm !== undefined && { confirm }),
  })
  for (const warning of answer.warnings) console.error(`linkspan: warning: ${warning}`)
  console.log(json ? JSON.stringify(answer, null, 2) : asText(answer))
}

function asText({ changes, dryRun, confirmBy }: Answer): string {
  const lines = planText(changes)
  if (lines.length === 0) lines.push('nothing to change')
  else if (dryRun) lines.push('nothing was changed: this was a dry run')
  if (confirmBy !== null) {
    const clock = new Date(confirmBy).toTimeString().slice(0, 8)
    lines.push(`taken back at ${clock} unless "linkspan confirm" comes before`)
  }
  return lines.join('\n')
}

export async function confirm(options: Target): Promise<void> {
  await call(options, 'POST', '/v1/confirm')
}
