/** A capture at a tunnel has inner frames, one at the underlay datagrams, both ways. */
import { expect, test } from 'vitest'
import { onEveryBuild } from '../support/builds.js'
import { captured, startCapture, Wants } from '../support/capturing.js'
import { frame, packet, station, superFrame } from '../support/frames.js'
import { rig } from '../support/rig.js'
import { readDatagram, run } from '../support/vxlan.js'

const [A, B] = [station(1), station(2)]

onEveryBuild('a capture of an overlay', (build) => {
  const bench = () => {
    const on = rig(build).underlay().port('a', { offloads: true })
    on.tunnel('t', { remote: '192.0.2.2' })
    startCapture(on, 0, { wants: Wants.RECEIVED | Wants.TRANSMITTED })
    return on
  }

  test('shows what came, inside and outside', () => {
    const came = run([frame(A, B, 1, 70), frame(A, B, 2, 70)])
    const on = bench().inject('underlay', came).run()
    const seen = captured(on).map(({ port, direction, bytes }) => [port, direction, bytes])
    expect(seen).toEqual([
      ['underlay', 'in', came.frame],
      ...[1, 2].map((mark) => ['t', 'in', frame(A, B, mark, 70)]),
      ...[1, 2].map((mark) => ['a', 'out', frame(A, B, mark, 70)]),
    ])
  })

  test('shows what left, inside and outside, segments too', () => {
    const plain = packet({ to: B, from: A }).frame
    const on = bench()
      .inject('a', plain, superFrame(1000, { to: B, from: A, payload: 1500 }))
      .run()
    const seen = captured(on)
    const sent = on.frames('underlay')
    const of = (name: string) =>
      seen.flatMap(({ port, direction, bytes }) =>
        port === name && direction === 'out' ? [bytes] : [],
      )
    expect(sent).toHaveLength(3)
    expect(of('underlay')).toEqual(sent)
    expect(of('t')).toEqual(sent.map((one) => readDatagram(one).inner))
    expect(of('t')[0]).toEqual(plain)
  })

  test('shows all of a flood that takes more than one transmit list, each datagram once', () => {
    const on = rig(build, { capacity: { ports: 700, memberships: 1000 } })
      .underlay()
      .port('a')
    on.tunnels(Array.from({ length: 600 }, (_, last) => `10.9.${last >> 8}.${last & 255}`))
    startCapture(on, 0, { wants: Wants.RECEIVED | Wants.TRANSMITTED })
    on.inject('a', frame(B, A, 1), frame(B, A, 2)).run()
    const seen = captured(on)
    expect(seen.filter(({ direction }) => direction === 'in').map(({ bytes }) => bytes)).toEqual([
      frame(B, A, 1),
      frame(B, A, 2),
    ])
    const out = seen.filter(({ port, direction }) => port === 'underlay' && direction === 'out')
    expect(out.map(({ bytes }) => bytes)).toEqual(on.frames('underlay'))
    expect(out).toHaveLength(1200)
    expect(seen).toHaveLength(2 + 2 * 1200)
  })

  test('of the tunnel alone leaves the underlay out', () => {
    const on = bench()
    startCapture(on, 0, { wants: Wants.RECEIVED | Wants.TRANSMITTED, port: 't' })
    on.inject('a', frame(B, A))
      .inject('underlay', run([frame(A, B)]))
      .run()
    expect(captured(on).map(({ port }) => port)).toEqual(['t', 't'])
  })
})
