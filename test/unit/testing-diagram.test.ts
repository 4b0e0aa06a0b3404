/** Drawings of a lab: what is in them, that they are whole, and the same for the same lab. */
import { expect, test } from 'vitest'
import { type Box, layoutOf, SIZE } from '../../src/testing/diagram/layout.js'
import { topologyOf } from '../../src/testing/diagram/topology.js'
import { createLab, type Lab } from '../../src/testing/index.js'

async function small(): Promise<Lab> {
  const lab = await createLab({ seed: 7 })
  const lan = lab.bridge('lan', { gateway: ['10.55.0.1/24'] })
  const net = lab.bridge('net', { subnets: ['203.0.113.0/24'] })
  lab.router({ uplinks: { wan: { bridge: net, addresses: ['203.0.113.10/24'] } } })
  lab.host('a', { bridge: lan, link: { delay: '5ms', out: { loss: '30%', rate: '10Mbit' } } })
  lab.host('web', { bridge: net, link: { up: false } })
  return lab
}

/** Two switches more, one of them with uplinks on the first one's bridges, and a crowd. */
async function large(): Promise<Lab> {
  const lab = await small()
  for (const [at, name] of ['home', 'office'].entries()) {
    const edge = lab.switch(name)
    const bridge = edge.bridge(`lan-${name}`, { gateway: [`192.168.${at}.1/24`] })
    for (let host = 0; host < 20; host++) lab.host(`${name}${host}`, { bridge })
    edge.router({
      uplinks: {
        dsl: { bridge: 'net', addresses: [`203.0.113.2${at}/24`] },
        mpls: { bridge: 'lan', addresses: [`10.55.0.10${at}/24`] },
      },
    })
  }
  lab.link('home:dsl.net').set({ delay: '15ms', loss: { average: '5%', burst: 4 } })
  return lab
}

test('Mermaid', async () => {
  const lab = await small()
  expect(lab.diagram()).toBe(
    `flowchart TB
  subgraph s0["switch"]
    r0{{"router"}}
    b0_0["lan"]
    b0_1["net<br/>203.0.113.0/24"]
    r0 ---|"10.55.0.1/24"| b0_0
  end
  h0_0_0(["a<br/>10.55.0.2"])
  b0_0 ---|"delay 5ms, out: rate 10Mbit, out: loss 30%"| h0_0_0
  h0_1_0(["web<br/>203.0.113.1"])
  b0_1 -.-|"down"| h0_1_0
  r0 -. "wan<br/>203.0.113.10/24" .- b0_1
`,
  )
  await lab.close()
})

test('what means something to Mermaid or XML is escaped', async () => {
  const lab = await createLab()
  lab.switch('<"#&`>').bridge('lan')
  expect(lab.diagram()).toContain('subgraph s0["#60;#34;#35;#38;#96;#62;"]')
  expect(lab.diagram({ format: 'svg' })).toContain('>&#60;&#34;#&#38;`&#62;</text>')
  await lab.close()
})

test('SVG says what there is, and is whole', async () => {
  const lab = await large()
  const svg = lab.diagram({ format: 'svg' })
  for (const text of [
    ...['switch', 'router', 'lan', 'net', 'a', '10.55.0.2', 'wan 203.0.113.10/24', 'home0'],
    ...['delay 5ms, out: rate 10Mbit, out: loss 30%', 'down', '… and 4 more'],
    'dsl 203.0.113.20/24; delay 15ms, loss 5% in bursts',
  ]) {
    expect(svg).toContain(`>${text}</text>`)
  }
  expect(svg).not.toMatch(/undefined|NaN|href|https?:(?!\/\/www\.w3\.org\/2000\/svg")/)
  const open: string[] = []
  for (const [, end, name, own] of svg.matchAll(/<(\/?)(\w+)[^<>]*?(\/?)>/g)) {
    if (end) expect(open.pop()).toBe(name)
    else if (!own) open.push(name as string)
  }
  expect(open).toEqual([])
  await lab.close()
})

test('the same lab gives the same octets, also after it was drawn', async () => {
  const drawn = await Promise.all(
    [1, 2].map(async () => {
      const lab = await large()
      const both = [lab.diagram(), lab.diagram({ format: 'svg' })]
      expect([lab.diagram(), lab.diagram({ format: 'svg' })]).toEqual(both)
      await lab.close()
      return both
    }),
  )
  expect(drawn[1]).toEqual(drawn[0])
})

test('nothing lies upon something else, or beside the picture', async () => {
  const lab = await large()
  const layout = layoutOf(topologyOf(lab.view))
  const boxes = layout.switches.flatMap(({ columns }) =>
    columns.flatMap(({ bridge, box, hosts, hostWidth }): Box[] => [
      box,
      ...bridge.hosts.map((_, row) => ({
        x: hosts,
        y: box.y + box.height + SIZE.gap + SIZE.row * row + 1,
        width: hostWidth,
        height: SIZE.bar,
      })),
    ]),
  )
  expect(boxes.length).toBeGreaterThan(30)
  for (const [at, one] of boxes.entries()) {
    expect(one.x + one.width).toBeLessThanOrEqual(layout.width)
    expect(one.y + one.height).toBeLessThanOrEqual(layout.height)
    for (const other of boxes.slice(at + 1)) {
      const beside = one.x + one.width <= other.x || other.x + other.width <= one.x
      const above = one.y + one.height <= other.y || other.y + other.height <= one.y
      expect(beside || above, JSON.stringify([one, other])).toBe(true)
    }
  }
  await lab.close()
})

test('an empty lab, and a format that there is not', async () => {
  const lab = await createLab()
  expect(lab.diagram()).toBe('flowchart TB\n')
  expect(lab.diagram({ format: 'svg' })).toContain('<svg ')
  const format = 'png' as never
  expect(() => lab.diagram({ format })).toThrow(/format "png"; expected "mermaid" or "svg"/)
  await lab.close()
})
