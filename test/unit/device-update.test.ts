/** Which changes of a port leave it its device. */
import { expect, test } from 'vitest'
import { parseConfig } from '../../src/config/parse.js'
import { patchPort } from '../../src/config/patch.js'
import type { Config, Device, Port, PortInput } from '../../src/config/types.js'
import type { Device as OpenDevice } from '../../src/device/device.js'
import { canUpdateDevice, type DeviceConfig } from '../../src/device/open.js'

const devices = {
  packet: { type: 'packet', name: 'eth0' },
  unix: { type: 'unix', path: '/run/vm.sock' },
  pcap: { type: 'pcap', write: '/tmp/out.pcapng' },
} as const

function config(device: object): Config {
  const ports = { p: { bridge: 'lan', device } as unknown as PortInput }
  return parseConfig({ bridges: { lan: {} }, ports })
}

const deviceOf = ({ ports }: Config): Device => (ports.p as Port).device

/** Of a device that is no TAP, whose settings the kernel has. */
const keeps = (from: Config, to: Config) =>
  canUpdateDevice(
    {} as OpenDevice,
    deviceOf(from) as DeviceConfig,
    deviceOf(to) as DeviceConfig,
    undefined,
  )

test.each(Object.entries(devices))('a %s port keeps it when its policy changes', (_, device) => {
  const from = config(device)
  const port = patchPort(from.ports.p as Port, { port: { isolated: true } })
  const to = parseConfig({ ...from, ports: { p: port as unknown as PortInput } })
  expect(to.ports.p?.isolated).toBe(true)
  expect(keeps(from, to)).toBe(true)
})

test('a default that is written out is no change, another MTU is one', () => {
  const from = config(devices.unix)
  expect(keeps(from, config({ ...devices.unix, mtu: 1500 }))).toBe(true)
  expect(keeps(from, config({ ...devices.unix, mtu: 9000 }))).toBe(false)
})

test('what is done when it is missing is no matter of the device', () => {
  expect(keeps(config(devices.unix), config({ ...devices.unix, missing: 'wait' }))).toBe(true)
})
