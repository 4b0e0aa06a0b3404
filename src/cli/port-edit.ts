/** `linkspan port add|set|del`. */
import { isMapping } from '../config/plain.js'
import type { PortView } from '../control/view.js'
import { LinkspanError } from '../error.js'
import { call } from './client.js'
import { type PolicyOptions, policyOf, said } from './policy-options.js'
import type { Target } from './target.js'
import { vlanList } from './words.js'

interface CommonOptions extends Target, PolicyOptions {
  bridge?: string
  mac?: string
  mtu?: number
  down?: boolean
  config?: string
}

export interface PortAddOptions extends CommonOptions {
  type?: 'tap' | 'packet' | 'unix' | 'pcap'
  ifname?: string
  netns?: string
  address?: string[]
  attach?: boolean
  path?: string
  mode?: string
  connect?: boolean
  local?: string
  read?: string
  write?: string
  pace?: string
  wait?: boolean
}

export async function portAdd(name: string, options: PortAddOptions): Promise<void> {
  const given = parseJson(options.config)
  const { bridge, down } = options
  const device = isMapping(given.device) ? given.device : {}
  const policy = said({ bridge, up: down ? false : undefined, ...withoutNull(policyOf(options)) })
  const port = { ...given, ...policy, device: deviceOf(name, options, device) }
  const added = await call<PortView>(options, 'POST', '/v1/ports', { name, port })
  if (added.state === 'waiting') console.log(`port ${name} is waiting: ${added.error}`)
}

/** An option that its type does not have is the parser's to refuse. */
function deviceOf(
  port: string,
  options: PortAddOptions,
  given: Record<string, unknown>,
): Record<string, unknown> {
  const { type = given.type ?? 'tap', ifname, netns, mac, mtu, address, attach, wait } = options
  const { path, mode, connect, local, read, write, pace } = options
  const named = type === 'tap' || type === 'packet'
  const asked = said({
    type,
    name: ifname ?? given.name ?? (named ? port : undefined),
    netns,
    mac,
    mtu,
    addresses: address,
    create: attach ? false : undefined,
    path,
    mode,
    listen: connect ? false : undefined,
    local,
    read,
    write,
    pace,
    missing: wait ? 'wait' : undefined,
  })
  return { ...given, ...asked }
}

export interface PortSetOptions extends CommonOptions {
  up?: boolean
  tag?: string
  untag?: string
}

export async function portSet(name: string, options: PortSetOptions): Promise<void> {
  const { bridge, up, down, mac, mtu } = options
  if (up && down) throw new LinkspanError('USAGE', '--up and --down: say one of them')
  const [tag, untag] = [vlans(options.tag), vlans(options.untag)]
  const device = said({ mac, mtu })
  const port = {
    ...parseJson(options.config),
    ...said({ bridge, up: up ? true : down ? false : undefined }),
    ...policyOf(options),
    ...(Object.keys(device).length > 0 && { device }),
  }
  if (Object.keys(port).length === 0 && tag === undefined && untag === undefined) {
    const message =
      'nothing to set: say what, as in --access 10; "linkspan port set --help" has it all'
    throw new LinkspanError('USAGE', message)
  }
  await call(options, 'PATCH', `/v1/ports/${encodeURIComponent(name)}`, { port, tag, untag })
}

export async function portDelete(name: string, options: Target): Promise<void> {
  await call(options, 'DELETE', `/v1/ports/${encodeURIComponent(name)}`)
}

function vlans(text: string | undefined): (number | string)[] | undefined {
  if (text === undefined) return undefined
  const list = vlanList(text)
  return list === 'all' ? ['1-4094'] : list
}

function parseJson(text = '{}'): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    if (isMapping(value)) return value
  } catch {
    // said below
  }
  throw new LinkspanError(
    'USAGE',
    `--config: expected a JSON object such as {"up":false}, not ${text}`,
  )
}

/** `none` is what a port has anyway that is new. */
function withoutNull(of: Record<string, unknown>): Record<string, unknown> {
  const left = Object.entries(of).flatMap(([key, value]): [string, unknown][] => {
    if (value === null) return []
    return [[key, isMapping(value) ? withoutNull(value) : value]]
  })
  return Object.fromEntries(left)
}
