/** One port for people: everything that `show port` knows of it. */
import type { DropView, PortView } from '../control/view.js'
import { wayWords } from './impair-words.js'
import { policyWords, vlanText } from './policy-text.js'

const ORIGINS = { config: 'of the config', api: 'added by hand' }

function placeText({ bridge, device }: PortView): string {
  if (bridge !== null) return `on ${bridge}`
  return device === 'udp' ? 'is of the underlay' : 'is an uplink'
}

export function portText(port: PortView, drops: readonly DropView[]): string {
  const { guard, impair } = port
  const lines: [string, string][] = [
    ['port', `${port.name} ${placeText(port)}, ${ORIGINS[port.origin]}`],
    ['state', port.error === null ? port.state : `${port.state}: ${port.error}`],
    ['device', deviceText(port)],
    ['vlan', vlanText(port.vlan)],
    ['policy', policyWords(port).join(' ') || '-'],
    ...(guard ? ([['guard', guardText(guard)]] as [string, string][]) : []),
    ...(impair
      ? (['receive', 'transmit'] as const).map((way): [string, string] => {
          return ['impair', `${way} ${wayWords(impair[way]).join(' ') || '-'}`]
        })
      : []),
    ['rx', trafficText(port.rx)],
    ['tx', trafficText(port.tx)],
    ['kernel', port.kernelDrops === null ? '-' : `${port.kernelDrops} dropped before they came in`],
    ['queue', queueText(port.queue)],
    ...drops.map(({ reason, frames, text }): [string, string] => {
      return ['drops', `${frames} ${reason}: ${text}`]
    }),
  ]
  return lines.map(([key, value]) => `${key.padEnd(7)} ${value}`).join('\n')
}

function deviceText({ device, place, mac, mtu }: PortView): string {
  return `${device} ${place}, ${mac === null ? '' : `MAC ${mac}, `}MTU ${mtu}`
}

function queueText(queue: PortView['queue']): string {
  if (queue === null) return '-'
  const { used, capacity, unit } = queue
  return used === null ? `room for ${capacity} ${unit}` : `${used} of ${capacity} ${unit} taken`
}

function guardText({ macs, addresses }: NonNullable<PortView['guard']>): string {
  const text = (what: string, list: string[] | null) =>
    list === null ? `any ${what}` : list.join(' ')
  return `${text('MAC', macs)}, ${text('address', addresses)}`
}

function trafficText({ frames, bytes, drops }: PortView['rx']): string {
  return `${frames} frames, ${bytes} bytes, ${drops} dropped`
}
