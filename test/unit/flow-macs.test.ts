/** MACs that a person leaves out of a flow. */
import { expect, test } from 'vitest'
import { parseAddress, parsePrefix } from '../../src/config/address.js'
import { parseConfig } from '../../src/config/parse.js'
import { macsOf } from '../../src/control/api/flow-macs.js'
import { station } from '../support/frames.js'

const device = (mac: string | undefined, address: string) => ({
  bridge: 'lan',
  device: { type: 'tap' as const, name: address.replace(/\W/g, ''), mac, addresses: [address] },
})
const { ports } = parseConfig({
  bridges: { lan: {} },
  ports: {
    a: device('02:00:00:00:00:01', '10.0.0.1/24'),
    b: device('02:00:00:00:00:02', '10.0.0.2/24'),
    c: device(undefined, 'fd00::3/64'),
    d: { bridge: 'lan' },
  },
})
const host = {
  ports: new Map(
    Object.entries(ports).map(([name, config]) => {
      return [name, { config, mac: name === 'c' ? '02:00:00:00:00:03' : undefined }] as const
    }),
  ),
}
const to = (address: string) => ({ destination: parseAddress(address) })

test('what is not on the bridge is sent to its gateway, if it has one', () => {
  const network = { to: '10.0.0.0/24', via: null, bridge: 'lan', kind: 'connected' } as const
  const own = { ...network, to: '10.0.0.254/32', kind: 'local' } as const
  const gateway = { vlan: 0, mac: '02:00:00:00:00:09', prefixes: [parsePrefix('10.0.0.254/24')] }
  const router = {
    routes: () => [network, own],
    *gateways(bridge: string) {
      if (bridge === 'lan') yield gateway
    },
  }
  const macTo = (address: string, isRouted = true) => {
    return macsOf({ ...host, topology: { router } }, 'a', { ...to(address), isRouted })
      .destinationMac
  }
  expect(macTo('10.0.0.2')).toEqual(station(2))
  expect(macTo('10.0.0.254')).toEqual(station(9))
  expect(macTo('192.0.2.1')).toEqual(station(9))
  expect(macTo('192.0.2.1', false)).toBeUndefined()
  expect(macTo('10.0.0.9')).toBeUndefined()
  expect(macTo('224.0.0.5')).toBeUndefined()
  expect(macTo('fd00::3')).toEqual(station(3))
})

test.each([
  ['a', to('10.0.0.2'), station(1), station(2)],
  ['c', to('10.0.0.1'), station(3), station(1)],
  ['a', to('fd00::3'), station(1), station(3)],
  ['a', to('10.0.0.9'), station(1), undefined],
  ['d', to('10.0.0.1'), undefined, station(1)],
  ['x', {}, undefined, undefined],
  [
    'a',
    { ...to('10.0.0.2'), sourceMac: station(8), destinationMac: station(9) },
    station(8),
    station(9),
  ],
])('port %s, %j', (port, flow, source, destination) => {
  const { sourceMac, destinationMac } = macsOf(host, port, flow)
  expect([sourceMac, destinationMac]).toEqual([source, destination])
})

test('who is known on the bridge, behind a tunnel too, has a MAC', () => {
  const known = [
    { bridge: 'lan', address: '10.0.0.8', mac: '02:00:00:00:00:08' },
    { bridge: 'lan', address: 'fd00::8', mac: '02:00:00:00:00:08' },
    { bridge: 'red', address: '10.0.0.9', mac: '02:00:00:00:00:09' },
    { bridge: 'lan', address: '10.0.0.7', mac: null },
  ].map((one) => ({ vlan: null, state: 'permanent' as const, age: null, ...one }))
  const router = { routes: () => [], *gateways() {}, neighbors: () => known }
  const on = { ...host, topology: { router } }
  const from = (address: string) => ({ source: parseAddress(address) })
  const macs = (port: string, flow: object) => {
    const { sourceMac, destinationMac } = macsOf(on, port, flow)
    return [sourceMac, destinationMac]
  }
  expect(macs('a', to('10.0.0.8'))).toEqual([station(1), station(8)])
  expect(macs('a', to('fd00::8'))).toEqual([station(1), station(8)])
  expect(macs('a', to('10.0.0.9'))).toEqual([station(1), undefined])
  expect(macs('a', to('10.0.0.7'))).toEqual([station(1), undefined])
  const both = { ...from('10.0.0.8'), ...to('10.0.0.1') }
  expect(macs('lan@192.0.2.2', both)).toEqual([station(8), station(1)])
  expect(macs('red@192.0.2.2', both)).toEqual([undefined, station(1)])
  // Its own is another's: a port is not taken for its neighbour.
  expect(macs('d', from('10.0.0.8'))).toEqual([undefined, undefined])
})
