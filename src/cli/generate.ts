/** `linkspan generate`: frames onto an interface or into an in-process switch, and what became of them. */
import { InvalidError, LinkspanError } from '../error.js'
import { FAULTS, faultsOf, type Report, reportOf } from '../generate/report.js'
import { textOf } from '../generate/text.js'
import { parseTime } from '../generate/words.js'
import { type Traffic, trafficOf, usage } from './generate-plan.js'
import { type Plan, planOf } from './generate-timing.js'

export interface GenerateOptions {
  to?: string
  from?: string
  config?: string
  in?: string
  out?: string
  hex?: string
  pcap?: string
  size?: string
  flows?: number
  macs?: number
  vlan?: number[]
  priority?: number
  sourceMac?: string
  destinationMac?: string
  via?: string
  syn?: boolean
  rate?: string
  burst?: number
  every?: string
  timing?: string
  loop?: boolean
  count?: number
  duration?: string
  drain?: string
  batch?: number
  threads?: number
  /** False: --no-stamp. */
  stamp: boolean
  failOn?: string[]
  json?: boolean
}

/** What a run is given, whatever it runs on. */
export interface Run {
  traffic: Traffic
  plan: Plan
  options: GenerateOptions
  /** How long what was sent may still take to arrive, nanoseconds. */
  drain: number
}

const DRAIN = '500ms'

export async function generate(words: readonly string[], options: GenerateOptions): Promise<void> {
  const traffic = trafficOf(words, options)
  const plan = planOf(traffic, options)
  const run: Run = { traffic, plan, options, drain: parseTime(options.drain ?? DRAIN) }
  checkFaults(options)
  const outcome = await (await wayOf(options))(run)
  const report = reportOf(outcome)
  console.log(options.json ? JSON.stringify(report) : textOf(report))
  warnOfFile(traffic)
  conclude(report, options)
}

/** On interfaces, or in a switch of its own. */
async function wayOf({ to, config, in: ingress, out, from }: GenerateOptions) {
  if (config !== undefined) {
    if (to !== undefined || from !== undefined || ingress === undefined) {
      throw usage('--config goes with --in PORT and --out PORT, in the place of --to and --from')
    }
    return (await import('./generate-memory.js')).runInMemory
  }
  if (to === undefined || ingress !== undefined || out !== undefined) {
    throw usage(
      'generate needs --to: an interface such as eth0, NAMESPACE/eth0 or tap:NAME; or --config FILE --in PORT',
    )
  }
  return (await import('./generate-run.js')).runOnInterfaces
}

function checkFaults({ failOn = [], from, out }: GenerateOptions): void {
  const known = FAULTS.join(', ')
  for (const fault of failOn) {
    if (!(FAULTS as readonly string[]).includes(fault)) {
      throw new InvalidError(`--fail-on ${fault}`, `some of ${known}, joined by commas`)
    }
  }
  if (failOn.length > 0 && from === undefined && out === undefined) {
    throw usage('--fail-on is about what is received: say where by --from, or --out')
  }
}

function warnOfFile(traffic: Traffic): void {
  if (traffic.kind === 'flow' || traffic.file.leftOut === 0) return
  const { leftOut } = traffic.file
  console.error(`linkspan: ${leftOut} frames of the file left out: cut short, or no frames`)
}

/** An end that is a failure is one line, as of every command. */
function conclude(report: Report, { failOn = [] }: GenerateOptions): void {
  if (report.error !== null) throw new LinkspanError('FAILED', report.error)
  const faults = faultsOf(report).filter((fault) => failOn.includes(fault))
  if (faults.length > 0) throw new LinkspanError('FAILED', `there was ${faults.join(' and ')}`)
}
