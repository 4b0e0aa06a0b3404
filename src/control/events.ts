/** What happens to a switch, as data: for the API's stream and for the log. */
import type { EventEmitter } from 'node:events'
import type * as z from 'zod'
import { formatMac } from '../config/address.js'
import type { eventAnswer } from './api/switch.js'
import type { RunningSwitch } from './running.js'
import type { SwitchEvents } from './switch-events.js'

export type EventView = z.output<typeof eventAnswer>
type Happened<T extends EventView['type']> = Omit<Extract<EventView, { type: T }>, 'time' | 'type'>

/** How each is told. */
const views: {
  [T in keyof SwitchEvents]: (...args: SwitchEvents[T]) => Happened<T>
} = {
  port: ({ port, event, detail }) => ({ port, event, why: detail?.why ?? null }),
  moved: ({ bridge, mac, port, from }) => ({ bridge, mac: macOf(mac), port, from }),
  'table-full': (where) => where,
  'static-violated': ({ mac, ...where }) => ({ ...where, mac: macOf(mac) }),
  blocked: ({ mac, ...where }) => ({ ...where, mac: macOf(mac) }),
  contested: ({ mac = null, ...rest }) => ({ ...rest, mac }),
  dataplane: ({ mac, ...where }) => ({ ...where, mac: macOf(mac) }),
  mirror: ({ port = null, bridge = null, why = null, ...rest }) => ({ port, bridge, ...rest, why }),
  worker: (death) => death,
  applied: ({ changes, confirmBy }) => ({
    changes: changes.length,
    confirmBy: confirmBy?.toISOString() ?? null,
  }),
  leftover: (why) => why,
  'rolled-back': ({ changes, error }) => ({ changes: changes.length, error: error ?? null }),
}

const macOf = ({ macHigh, macLow }: { macHigh: number; macLow: number }) =>
  formatMac([macHigh, macLow])

/** Calls back with everything that happens from now on. @returns what stops it */
export function onEvent(running: RunningSwitch, listener: (event: EventView) => void): () => void {
  const listeners = Object.entries(
    views as unknown as Record<string, (happened: unknown) => object>,
  ).map(([type, view]) => {
    const tell = (happened: unknown): void =>
      listener({ time: new Date().toISOString(), type, ...view(happened) } as EventView)
    return [type, tell] as const
  })
  // Of no particular events: the names and what they carry belong together in `views` already.
  const emitter = running as unknown as EventEmitter
  for (const [type, tell] of listeners) emitter.on(type, tell)
  return () => {
    for (const [type, tell] of listeners) emitter.off(type, tell)
  }
}
