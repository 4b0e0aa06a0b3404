/** The impairment of a port as data: of what it leaves out, null. */
import type { Impairment } from '../config/impair.js'
import type { Way } from '../config/port-impair.js'
import type { PortDetour } from './port-detour.js'
import type { PortView } from './view.js'

export type ImpairView = NonNullable<PortView['impair']>
export type WayView = ImpairView[Way]

export function impairView(detour: PortDetour | undefined): PortView['impair'] {
  if (detour === undefined) return null
  const { impair } = detour
  const way = (which: Way): WayView => ({
    ...settingsView(impair[which]),
    ...detour.stateOf(which),
  })
  return { seed: impair.seed, receive: way('receive'), transmit: way('transmit') }
}

const LOSS = {
  probability: null,
  correlation: null,
  toBad: null,
  toGood: null,
  lossBad: null,
  lossGood: null,
}
const UNTIED = { correlation: null }

export function settingsView(settings: Impairment) {
  const { up = true, mtu = null, rate = null, delay = null } = settings
  const { queue, jitter, loss, duplicate, reorder, corrupt } = settings
  return {
    ...{ up, mtu, rate, delay },
    queue: filled({ frames: null, octets: null }, queue),
    jitter: filled(UNTIED, jitter),
    loss: filled(LOSS, loss),
    duplicate: filled(UNTIED, duplicate),
    reorder: filled({ ...UNTIED, delay: null }, reorder),
    corrupt: filled(UNTIED, corrupt),
  }
}

type Given<T> = { [Key in keyof T]: Exclude<T[Key], undefined> }

/** Null where there is nothing; else with null for what is left out. */
function filled<T extends object, D extends object>(empty: D, of: T | undefined) {
  if (of === undefined) return null
  const given = Object.entries(of).filter(([, value]) => value !== undefined)
  return { ...empty, ...Object.fromEntries(given) } as D & Given<T>
}
