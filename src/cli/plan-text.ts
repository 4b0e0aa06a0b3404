/** A plan for people, a line a change: `+ port web  tap eth0 in web, on blue`. */
import type { ChangeView } from '../control/plan.js'

const SIGNS = { add: '+', update: '~', replace: '~', remove: '-' } as const

export function planText(changes: readonly ChangeView[]): string[] {
  return changes.map((change) => {
    const said = detail(change)
    const line = `${SIGNS[change.op]} ${change.object} ${change.name}`
    return said === '' ? line : `${line}  ${said}`
  })
}

function detail({ op, object, keys, to }: ChangeView): string {
  if (op === 'update') return keys.join(', ')
  if (op === 'replace') return `another device: ${deviceText(to)}; ${keys.join(', ')}`
  if (op === 'add' && object === 'uplink') return deviceText(to)
  if (op === 'add' && object === 'port') return `${deviceText(to)}, on ${to?.bridge}`
  return ''
}

function deviceText(port: ChangeView['to']): string {
  const { type, name, netns } = (port?.device ?? {}) as Record<string, string | undefined>
  const what = name === undefined ? `${type}` : `${type} ${name}`
  return netns === undefined ? what : `${what} in ${netns}`
}
