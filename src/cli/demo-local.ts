/**
 * The demo where there are no TAP devices: the same packet path in this process, with ports in
 * memory and a clock that the program moves.
 */
import { LinkspanError } from '../error.js'
import { createSwitch, type Switch } from '../switch.js'
import {
  arpReply,
  arpRequest,
  ECHO_REPLY,
  ECHO_REQUEST,
  echo,
  type Station,
} from './demo-frames.js'
import type { Screen } from './demo-screen.js'
import { table } from './table.js'

const stations = ['a', 'b', 'c', 'd'].map((name, index): Station => {
  const number = index + 1
  return { name, mac: `02:66:00:00:00:0${number}`, address: `10.66.0.${number}` }
})

/** @param why the lab of namespaces cannot be had */
export async function localDemo(screen: Screen, why: string): Promise<void> {
  screen.heading('The in-process network, since there can be no lab of namespaces here')
  screen.line(why)
  const begin = performance.now()
  await using lan = await createSwitch({ bridges: { lan: {} } })
  for (const { name } of stations) lan.addPort(name, { bridge: 'lan' })
  screen.line(
    `a switch with four ports in memory, made in ${Math.round(performance.now() - begin)} ms`,
  )
  crossings(lan, screen)
  learnt(lan, screen)
  ageing(lan, screen)
  summary(lan, screen)
}

/** Sends a frame; which ports it came out of, `b c d`. */
function cross(lan: Switch, from: Station, frame: Uint8Array): string {
  lan.ports.get(from.name)?.send(frame)
  lan.process()
  const reached = [...lan.ports.values()].filter((port) => port.take().length > 0)
  return reached.map(({ name }) => name).join(' ')
}

function expectReach(what: string, reached: string, expected: string): void {
  if (reached === expected) return
  const message = `${what} came out of [${reached}]; expected [${expected}]`
  throw new LinkspanError('DEMO', message)
}

const othersThan = (station: Station) =>
  stations.filter((other) => other !== station).map(({ name }) => name)

function crossings(lan: Switch, screen: Screen): void {
  screen.heading('Every pair, both ways (ARP, then ICMP echo)')
  for (const [index, one] of stations.entries()) {
    for (const other of stations.slice(index + 1)) {
      const flooded = cross(lan, one, arpRequest(one, other))
      expectReach(`an ARP request of ${one.name}`, flooded, othersThan(one).join(' '))
      const exchange = [
        [other, one, arpReply(other, one)],
        [one, other, echo(one, other, ECHO_REQUEST)],
        [other, one, echo(other, one, ECHO_REPLY)],
      ] as const
      for (const [from, to, frame] of exchange) {
        expectReach(`a frame from ${from.name} to ${to.name}`, cross(lan, from, frame), to.name)
      }
      const pair = `${one.name} - ${other.name}`
      screen.line(`${pair}  request to ${flooded}; reply and echo to the one port each is for`)
    }
  }
}

function learnt(lan: Switch, screen: Screen): void {
  screen.heading('What the switch has learnt')
  const rows = lan.fdb.list().map(({ bridge, mac, port }) => [bridge, mac, port ?? '-'])
  screen.line(table(['BRIDGE', 'MAC', 'PORT'], rows))
}

function ageing(lan: Switch, screen: Screen): void {
  screen.heading('Ageing')
  const [a, b] = stations as [Station, Station]
  lan.advance('301s')
  const left = lan.fdb.list().length
  const reached = cross(lan, a, echo(a, b, ECHO_REQUEST))
  expectReach('a frame to a MAC that was forgotten', reached, othersThan(a).join(' '))
  screen.line(`the clock is put 301 s forward, and ${left} of the MACs are left`)
  screen.line(`a frame from a to b goes to ${reached} again`)
}

function summary(lan: Switch, screen: Screen): void {
  screen.heading('In all')
  const rows = [...lan.ports.values()].map((port) => {
    const { rxFrames, txFrames, rxDrops, txDrops } = port.counters()
    return [port.name, rxFrames, txFrames, rxDrops + txDrops]
  })
  screen.line(table(['PORT', 'RX', 'TX', 'DROPS'], rows))
  screen.heading('Next')
  screen.line('README.md, "In a process": the same in a program or a test of your own.')
  screen.line('As root on Linux, with /dev/net/tun, this demo runs between network namespaces.')
}
