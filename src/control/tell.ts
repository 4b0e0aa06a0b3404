/** What the dataplane tells by number, as events by name. */
import type { EventEmitter } from 'node:events'
import { shownBridge } from '../config/uplink-port.js'
import { drops } from '../dataplane/generated/drops.js'
import type { DataplaneEvent } from '../dataplane/manager.js'
import type { Topology } from '../dataplane/topology.js'
import type { SwitchEvents } from './switch-events.js'

type Teller = EventEmitter<SwitchEvents> & { readonly topology: Topology }

const reasonOf = (code: number) => drops.find((drop) => drop.code === code)?.name ?? `#${code}`

export function tell(running: Teller, event: DataplaneEvent): void {
  const nameOf = (index: number) => running.topology.portName(index) ?? `#${index}`
  const port = nameOf(event.port)
  const bridge = shownBridge(running.topology.bridgeName(event.fid) ?? `#${event.fid}`)
  const { macHigh, macLow, detail } = event
  const mac = { macHigh, macLow }
  if (event.type === 'moved') running.emit('moved', { bridge, mac, port, from: nameOf(detail) })
  else if (event.type === 'table-full') running.emit('table-full', { bridge, port })
  else if (event.type === 'static-violated') {
    running.emit('static-violated', { bridge, mac, port, owner: nameOf(detail) })
  } else if (event.type === 'blocked') {
    running.emit('blocked', { bridge, mac, port, reason: reasonOf(detail) })
  } else running.emit('dataplane', { event: String(event.type), bridge, mac, port, detail })
}
