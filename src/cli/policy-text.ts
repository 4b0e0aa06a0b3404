/** A port's VLANs and policy in the few words that tables have room for. */
import { formatRate } from '../config/rate.js'
import { formatSize } from '../config/size.js'
import { formatVlans } from '../config/vlan-use.js'
import type { BridgeView, PortView } from '../control/view.js'

/** `access 10`, `tunnel 10`, `native 1 tagged 10,20-29`. */
export function vlanText(vlan: PortView['vlan']): string {
  if (vlan === null) return '-'
  const { mode, native, tagged, nativeTagged, admit } = vlan
  if (mode !== 'trunk') return `${mode} ${native}`
  const list = tagged === 'all' ? tagged : vlansText(tagged)
  return [
    native === null ? '' : `native ${native}${nativeTagged ? ' (tagged)' : ''}`,
    list === '' ? '' : `tagged ${list}`,
    admit === 'all' ? '' : `admit ${admit}`,
  ]
    .filter((word) => word !== '')
    .join(' ')
}

/** `1,10,20-29`: one word. */
export const vlansText = (vlans: readonly number[]) => formatVlans(vlans).replaceAll(' ', '')

/** What differs from a port that forwards, learns and floods without limit: words, maybe none. */
export function policyWords(port: PortView): string[] {
  const { isolated, learning, locked, sticky, guard, mirror, mirrorTarget } = port
  const words = [
    port.up ? '' : 'down',
    isolated ? 'isolated' : '',
    locked ? 'locked' : learning ? '' : 'no-learning',
    sticky ? 'sticky' : '',
    floodWord(port),
    ...limitWords(port.limits),
    guard ? 'guard' : '',
    mirror ? mirrorText(mirror) : '',
    mirrorTarget ? 'mirror-target' : '',
    port.impair ? 'impaired' : '',
  ]
  return words.filter((word) => word !== '')
}

function floodWord({ flood }: PortView): string {
  const off = Object.entries(flood).flatMap(([kind, on]) => (on ? [] : [kind]))
  if (off.length === 0) return ''
  return off.length === 3 ? 'no-flood' : `no-flood=${off.join(',')}`
}

function limitWords(limits: PortView['limits']): string[] {
  const { macs, receive, transmit, ...storm } = limits
  const storms = Object.entries(storm).map(([kind, rate]) => {
    return rate === null ? '' : `${kind}=${rate}/s`
  })
  return [
    macs === null ? '' : `macs=${macs}`,
    ...storms,
    receive ? `receive=${policeText(receive)}` : '',
    transmit ? `transmit=${policeText(transmit)}` : '',
  ]
}

type Police = NonNullable<PortView['limits']['receive']>

function policeText({ bits, frames, burst }: Police): string {
  const parts = [
    bits === null ? '' : `${formatRate(bits)}bit/s`,
    frames === null ? '' : `${frames}/s`,
    burst === null ? '' : `burst:${formatSize(burst)}`,
  ]
  return parts.filter((part) => part !== '').join(',')
}

export function mirrorText({ port, file, direction }: NonNullable<BridgeView['mirror']>): string {
  return `mirror=${port ?? file}${direction === 'both' ? '' : `,${direction}`}`
}
