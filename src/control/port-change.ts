/**
 * The step from one config of a port to another. What its interface can be given while it runs is
 * given to it; for all else another device is opened and takes the old one's place.
 */
import type { Port as PortConfig } from '../config/types.js'
import type { TapDevice } from '../device/tap.js'
import type { Port } from './port.js'
import { mayWait, refuseForeignDevice } from './port-config.js'
import type { Step } from './transaction.js'

export function changePort(port: Port, to: PortConfig): Step {
  refuseForeignDevice(port.name, to)
  const { device } = port
  return device?.canUpdate(port.optionsOf(to))
    ? changeInterface(port, device, to)
    : changeDevice(port, to)
}

/** Whether a change leaves the port its device. */
export function keepsDevice(port: Port, to: PortConfig): boolean {
  return port.device?.canUpdate(port.optionsOf(to)) ?? false
}

function changeInterface(port: Port, device: TapDevice, to: PortConfig): Step {
  const from = port.config
  let undo = () => {}
  return {
    prepare: () => {
      undo = device.update(port.optionsOf(to))
    },
    undo: () => undo(),
    stage: () => port.configure(to),
    unstage: () => port.configure(from),
  }
}

/** The new device takes over at once; the old one is closed when no worker uses it any more. */
function changeDevice(port: Port, to: PortConfig): Step {
  const { config: from, error } = port
  let opened: TapDevice | undefined
  let why: string | undefined
  let old: TapDevice | undefined
  return {
    prepare: () => {
      try {
        opened = port.openDevice(to)
      } catch (error) {
        if (!mayWait(to, error)) throw error
        why = (error as Error).message
      }
    },
    undo: () => opened && port.closeLater(opened),
    stage: () => {
      old = port.device
      port.exchange(to, opened, why)
    },
    unstage: () => port.exchange(from, old, error),
    finish: () => old && port.closeLater(old),
  }
}
