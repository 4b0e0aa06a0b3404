/** Ports of several kinds in one flood, and room in a table that is full or was just flushed. */
import { expect, test } from 'vitest'
import { onEveryBuild } from '../support/builds.js'
import { BROADCAST, frame, station } from '../support/frames.js'
import { rig } from '../support/rig.js'

onEveryBuild('bridge, mixed', (build) => {
  test('B12: a burst of floods to ports of alternating MTU loses nothing where it fits', () => {
    const bench = rig(build, { capacity: { ports: 16 } })
    for (let number = 0; number < 12; number++) {
      bench.port(`p${number}`, { mtu: number % 2 === 0 ? 9000 : 1500 })
    }
    const jumbos = Array.from({ length: 256 }, (_, mark) =>
      frame(BROADCAST, station(1), mark, 5000),
    )
    bench.inject('p0', ...jumbos).run()
    const capable = [2, 4, 6, 8, 10].map((number) => [`p${number}`, 256] as const)
    expect(bench.deliveries()).toEqual(Object.fromEntries(capable))
    const tooSmall = [1, 3, 5, 7, 9, 11].map((number) => [`p${number} over-mtu`, 256] as const)
    expect(bench.drops()).toEqual(Object.fromEntries(tooSmall))
  })

  test('B11: what a port had is swept in as many slices as the table has, and no other entry goes', () => {
    const macs = 20_000
    const bench = rig(build, { capacity: { macs, arena: 8 << 20 } }).ports('abc')
    for (let from = 0; from < macs; from += 1000) {
      const port = from % 4000 === 0 ? 'a' : 'b'
      const frames = Array.from({ length: 1000 }, (_, index) =>
        frame(station(0xffff), station(0x10000 + from + index)),
      )
      bench
        .inject(port, ...frames)
        .run()
        .deliveries()
    }
    const count = () => bench.manager.exports.fdbCount()
    expect(count()).toBe(macs)
    bench.setPort('a', { up: false })
    const slices = Math.ceil(macs / 5 / 256) + 1
    for (let slice = 0; slice < slices; slice++) {
      bench.now += 1
      bench.forwarder.tick(bench.now)
    }
    expect(count()).toBe((macs * 3) / 4)
    expect(bench.statistics().expired).toBe(macs / 4)
    expect(Object.values(bench.fdb()).every((port) => port === 'b')).toBe(true)
    expect(Object.keys(bench.fdb())).toHaveLength((macs * 3) / 4)
  })

  test('B10: a port below its share gets room in the end, wherever its address hashes to', () => {
    // Ports at their share, and one flooder above it whose entries lie in few places.
    const ports = 100
    const macs = 4000
    const bench = rig(build, { capacity: { ports: ports + 2, macs } })
    const quiet = ports
    for (let number = 0; number <= ports; number++) bench.port(`p${number}`)
    const share = Math.floor(macs / (ports + 1))
    for (let number = 1; number < ports - 5; number++) {
      for (let index = 0; index < share; index++) {
        bench.inject(`p${number}`, frame(station(0xffff), station(number * 256 + index)))
      }
    }
    bench.run()
    let flood = 0x80000
    while (bench.manager.exports.fdbCount() < macs) {
      bench.inject('p0', frame(station(0xffff), station(flood++))).run()
    }
    for (let address = 0; address < 20; address++) {
      const mac = station(0x70000 + address)
      for (let tries = 0; tries < 60 && bench.whereIs(mac) === undefined; tries++) {
        bench.inject(`p${quiet}`, frame(station(0xffff), mac)).run()
      }
      expect(bench.whereIs(mac)).toBe(`p${quiet}`)
    }
  })

  test('frames and octets agree, also of a port that is down', () => {
    const bench = rig(build).ports('ab').setPort('a', { up: false })
    bench.inject('a', frame(BROADCAST, station(1), 0, 60), frame(BROADCAST, station(1), 0, 100))
    bench.run()
    expect(bench.counters('a')).toMatchObject({ rxFrames: 2, rxBytes: 160, rxDrops: 2 })
  })
})
