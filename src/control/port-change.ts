/**
 * The step from one config of a port to another. What its device can be given while it runs is given
 * to it; for all else another device is opened and takes the old one's place.
 */
import type { Port as PortConfig } from '../config/types.js'
import type { Device } from '../device/device.js'
import {
  canUpdateDevice,
  checkOpenable,
  isMissing,
  updateDevice,
  waitsFor,
} from '../device/open.js'
import type { Port } from './port.js'
import type { Step } from './transaction.js'

/** Whether a change leaves the port its device. */
export function keepsDevice({ name, device, config, mac }: Port, to: PortConfig): boolean {
  checkOpenable(name, config.device)
  checkOpenable(name, to.device)
  return device !== undefined && canUpdateDevice(device, config.device, to.device, mac)
}

export function changePort(port: Port, to: PortConfig): Step {
  const { device } = port
  return device && keepsDevice(port, to) ? updating(port, device, to) : exchanging(port, to)
}

function updating(port: Port, device: Device, to: PortConfig): Step {
  const from = port.config
  let undo = () => {}
  return {
    prepare: () => {
      checkOpenable(port.name, to.device)
      undo = updateDevice(device, to.device, port.mac)
    },
    undo: () => undo(),
    stage: () => port.configure(to),
    unstage: () => port.configure(from),
    finish: () => port.impair(),
  }
}

/**
 * The new device gets the port with the commit, and its queues when no worker uses the old ones any
 * more; then those are closed.
 */
function exchanging(port: Port, to: PortConfig): Step {
  const { config: from, error } = port
  let opened: Device | undefined
  let why: string | undefined
  let old: Device | undefined
  return {
    prepare: () => {
      checkOpenable(port.name, to.device)
      try {
        opened = port.openDevice(to)
      } catch (error) {
        if (!isMissing(error) || !waitsFor(to.device)) throw error
        why = (error as Error).message
      }
    },
    undo: () => opened?.close(),
    stage: () => {
      old = port.device
      port.exchange(to, opened, why)
    },
    unstage: () => {
      port.exchange(from, old, error)
      if (old) port.connect(old)
    },
    finish: async () => {
      await port.settled()
      try {
        if (opened) port.connect(opened)
      } finally {
        if (old) await port.closeLater(old)
      }
    },
  }
}
