/** The overlay and its directory over the API, and as metrics. */
import { describe, expect, test } from 'vitest'
import type { EndpointView, PeerView } from '../../src/control/directory-view.js'
import type { FdbEntry } from '../../src/dataplane/fdb.js'
import { send } from '../support/http.js'
import type { Linkspan } from '../support/linkspan.js'
import { ping } from '../support/netns.js'
import { checkerOf, type Document } from '../support/openapi.js'
import { overlayLab, VNI } from '../support/overlay-lab.js'
import { scrape } from '../support/prometheus.js'
import { until } from '../support/until.js'

const whole = { transmitted: 3, received: 3, duplicates: 0 }

/** A request with a JSON body, or none. @returns what was answered, if that is JSON */
async function ask(running: Linkspan, method: string, path: string, body?: unknown) {
  const sent = body === undefined ? {} : { body: JSON.stringify(body) }
  const { status, text } = await send(running, method, path, sent)
  return { status, answer: text === '' ? undefined : JSON.parse(text) }
}

/** A source says all that it knows. */
async function tell(running: Linkspan, source: string, body: object): Promise<void> {
  const told = await ask(running, 'PUT', `/v1/directory/${source}`, body)
  expect(told).toEqual({ status: 204, answer: undefined })
}

test('every answer is what the description says', async () => {
  const [a, b] = await overlayLab()
  await ping(a.station.netns, b.station.ip4)
  const endpoint = { vni: VNI, mac: '02:0e:11:00:00:50', vtep: b.vtep }
  await tell(a.running, 'lab', { peers: [{ vni: VNI, vtep: b.vtep }], endpoints: [endpoint] })
  const document = (await ask(a.running, 'GET', '/v1/openapi.json')).answer as Document
  for (const path of ['tunnels', 'underlay', 'peers', 'endpoints', 'fdb', 'bridges', 'ports']) {
    const { answer } = await ask(a.running, 'GET', `/v1/${path}`)
    const operation = document.paths[`/v1/${path}`]?.get
    const schema = operation?.responses['200']?.content?.['application/json']?.schema
    expect(answer.length, path).toBeGreaterThan(0)
    expect(checkerOf(document, schema ?? {})(answer), path).toEqual([])
  }
})

describe('the directory', () => {
  test('is told by programs and shown with who says so; entries and tunnels follow', async () => {
    const [a, b] = await overlayLab()
    const mac = '02:0e:11:00:00:50'
    const address = '10.78.0.80'
    await tell(a.running, 'lab', {
      peers: [{ vni: VNI, vtep: '10.9.0.9', host: 'third' }],
      endpoints: [{ vni: VNI, mac, addresses: [address], vtep: b.vtep }],
    })
    const marks = { source: 'lab', stale: false, contested: false }
    expect(await a.running.show<EndpointView[]>('endpoints')).toEqual([
      { bridge: 'blue', vni: VNI, mac, addresses: [address], vtep: b.vtep, ...marks },
    ])
    expect(await a.running.show<PeerView[]>('peers')).toEqual([
      { bridge: 'blue', vni: VNI, vtep: '10.9.0.9', host: 'third', ...marks },
    ])
    expect(await a.running.do('show', 'endpoints')).toMatch(
      /^BRIDGE .*\nblue +42 +02:0e:11:00:00:50 +10\.78\.0\.80 +10\.9\.0\.2 +lab +-\n$/,
    )
    expect(await a.running.do('show', 'peers')).toMatch(/\nblue +42 +10\.9\.0\.9 +third +lab +-\n$/)
    await until('the entry and the tunnel', async () => {
      const entries = await a.running.show<FdbEntry[]>('fdb')
      const tunnels = await a.running.show<{ vtep: string }[]>('tunnels')
      const entry = entries.find((one) => one.mac === mac)
      return entry?.external && tunnels.some(({ vtep }) => vtep === '10.9.0.9')
    })
    expect(await a.running.do('show', 'fdb')).toMatch(/ 02:\S+:50 +vtep 10\.9\.0\.2 +directory$/m)
  })

  test('what a source does not say again goes; what it adds and takes back counts alone', async () => {
    const [{ running }] = await overlayLab()
    const end = (last: string) => ({ vni: VNI, mac: `02:0e:11:00:00:${last}`, vtep: '10.9.0.2' })
    const macs = async (query = '') =>
      (await running.show<EndpointView[]>(`endpoints${query}`)).map(({ mac }) => mac.slice(-2))
    await tell(running, 'lab', { endpoints: [end('51'), end('50')] })
    expect(await macs()).toEqual(['50', '51'])
    await tell(running, 'lab', { endpoints: [end('51'), end('52')] })
    expect(await macs()).toEqual(['51', '52'])
    const more = { endpoints: [{ ...end('53'), vni: 7 }] }
    expect(await ask(running, 'POST', '/v1/directory/lab', more)).toMatchObject({ status: 204 })
    expect(await macs()).toEqual(['53', '51', '52'])
    expect(await macs('?vni=7')).toEqual(['53'])
    expect(await macs('?bridge=blue')).toEqual(['51', '52'])
    expect(await macs('?vtep=10.9.0.3')).toEqual([])
    expect(await macs('?mac=02-0E-11-00-00-52')).toEqual(['52'])
    const { mac, vni } = end('52')
    const gone = {
      endpoints: [
        { vni, mac },
        { vni, mac: '02:00:00:00:00:01' },
      ],
    }
    expect(await ask(running, 'POST', '/v1/directory/lab/delete', gone)).toEqual({
      status: 200,
      answer: { removed: 1 },
    })
    expect(await macs('?source=lab')).toEqual(['53', '51'])
    expect(await ask(running, 'DELETE', '/v1/directory/lab')).toMatchObject({ status: 204 })
    expect(await macs()).toEqual([])
  })

  test('marks what a lost source said, and what another says otherwise', async () => {
    const [{ running }] = await overlayLab()
    const end = { vni: VNI, mac: '02:0e:11:00:00:50', vtep: '10.9.0.2' }
    await tell(running, 'one', { endpoints: [end] })
    expect(await ask(running, 'POST', '/v1/directory/one/lose')).toMatchObject({ status: 204 })
    expect(await running.do('show', 'endpoints')).toMatch(/ one +stale\n$/)
    await tell(running, 'one', { endpoints: [end] })
    await tell(running, 'two', { endpoints: [{ ...end, vtep: '10.9.0.3' }] })
    expect(await running.show<EndpointView[]>('endpoints')).toMatchObject([
      { vtep: '10.9.0.3', source: 'two', stale: false, contested: true },
    ])
    expect(await running.do('show', 'endpoints')).toMatch(/ two +contested\n$/)
  })

  test('of more peers than there is room for: what was before stays, and the log says what to do', async () => {
    const [{ running }] = await overlayLab({ more: () => ({ capacity: { tunnels: 2 } }) })
    const vteps = async () =>
      (await running.show<{ vtep: string }[]>('tunnels')).map(({ vtep }) => vtep)
    const peers = (...last: number[]) => ({
      peers: last.map((octet) => ({ vni: VNI, vtep: `10.9.0.${octet}` })),
    })
    await tell(running, 'lab', peers(3, 4))
    await running.program.prints('3 peers of bridges, those of the directory included')
    await running.program.prints('raise capacity.tunnels and restart the switch')
    expect(await vteps()).toEqual(['10.9.0.2'])
    await tell(running, 'lab', peers(4))
    await until('the one that has room', async () => (await vteps()).join() === '10.9.0.2,10.9.0.4')
  })

  test('is replaced in parts: what is not said again goes at the end', async () => {
    const [{ running }] = await overlayLab()
    const end = (last: string) => ({ vni: VNI, mac: `02:0e:11:00:00:${last}`, vtep: '10.9.0.2' })
    const known = async () =>
      (await running.show<EndpointView[]>('endpoints')).map(({ mac, stale }) => [
        mac.slice(-2),
        stale,
      ])
    await tell(running, 'lab', { endpoints: [end('51'), end('52'), end('53')] })
    for (const [path, body] of [
      ['/lose', undefined],
      ['', { endpoints: [end('51')] }],
      ['', { endpoints: [end('52')] }],
    ] as const) {
      const { status } = await ask(running, 'POST', `/v1/directory/lab${path}`, body)
      expect(status).toBe(204)
    }
    expect(await known()).toEqual([
      ['51', false],
      ['52', false],
      ['53', true],
    ])
    expect(await ask(running, 'POST', '/v1/directory/lab/sync')).toMatchObject({ status: 204 })
    expect(await known()).toEqual([
      ['51', false],
      ['52', false],
    ])
  })

  test('takes nothing of a request that is wrong', async () => {
    const [{ running }] = await overlayLab()
    const end = { vni: VNI, mac: '02:0e:11:00:00:50', vtep: '10.9.0.2' }
    await tell(running, 'lab', { endpoints: [end] })
    const before = await running.show('endpoints')
    for (const [path, body, says] of [
      ['lab', { endpoints: [{ ...end, mac: '01:00:5e:00:00:01' }] }, 'endpoints[0]: found'],
      ['lab', { endpoints: [{ ...end, mac: 'x' }, end] }, 'endpoints[0]: found "x"'],
      ['lab', { endpoints: [{ ...end, vtep: '224.0.0.1' }] }, 'endpoints[0]: found'],
      ['lab', { endpoints: [{ ...end, addresses: ['::'] }] }, 'endpoints[0]: found'],
      ['lab', { endpoints: [{ ...end, vni: 2 ** 24 }] }, 'endpoints.0.vni'],
      ['lab', { peers: [{ vni: 1, vtep: '10.9.0.2', host: '\u001b[2J' }] }, 'peers[0]: found'],
      ['lab', { pears: [] }, 'pears'],
      ['a%20b', {}, 'expected a name'],
    ] as const) {
      const { status, answer } = await ask(running, 'PUT', `/v1/directory/${path}`, body)
      expect({ body, status }).toEqual({ body, status: 400 })
      expect(answer.error.message).toContain(says)
    }
    for (const path of ['endpoints?bridge=wan', 'peers?bridge=wan', 'tunnels?bridge=wan']) {
      expect(await ask(running, 'GET', `/v1/${path}`)).toMatchObject({ status: 404 })
    }
    expect(await ask(running, 'GET', '/v1/endpoints?vni=x')).toMatchObject({ status: 400 })
    expect(await running.show('endpoints')).toEqual(before)
  })
})

test('an entry of the FDB is at a port or behind a VTEP, not both, not neither', async () => {
  const [{ running }] = await overlayLab()
  const entry = { bridge: 'blue', mac: '02:0e:11:00:00:50' }
  for (const place of [{}, { port: 'web', vtep: '10.9.0.2' }]) {
    const { status, answer } = await ask(running, 'POST', '/v1/fdb', { ...entry, ...place })
    expect(status).toBe(400)
    expect(answer.error.message).toContain('either a "port" or a "vtep"')
  }
})

test('metrics say what the switch says elsewhere', async () => {
  const [a, b] = await overlayLab()
  expect(await ping(a.station.netns, b.station.ip4)).toEqual(whole)
  await tell(a.running, 'lab', { endpoints: [{ vni: 7, mac: '02:0e:11:00:00:50', vtep: b.vtep }] })
  const { of, value } = await scrape(a.running)
  const labels = { bridge: 'blue', vtep: b.vtep, vni: String(VNI) }
  const [tunnel] = await a.running.show<Record<'rx' | 'tx', Record<string, number>>[]>('tunnels')
  expect(value('linkspan_tunnel_up', labels)).toBe(1)
  expect(value('linkspan_tunnel_receive_frames_total', labels)).toBe(tunnel?.rx.frames)
  expect(value('linkspan_tunnel_receive_bytes_total', labels)).toBe(tunnel?.rx.bytes)
  expect(value('linkspan_tunnel_transmit_frames_total', labels)).toBe(tunnel?.tx.frames)
  expect(value('linkspan_tunnel_transmit_bytes_total', labels)).toBe(tunnel?.tx.bytes)
  expect(of('linkspan_tunnel_drops_total')).toEqual([])
  expect(of('linkspan_tunnels')).toMatchObject([{ labels: { state: 'up' }, value: 1 }])
  expect(of('linkspan_underlay_errors_total', { vtep: b.vtep })).toHaveLength(2)
  expect(value('linkspan_underlay_checksum_errors_total', { family: 'ipv4' })).toBe(0)
  expect(value('linkspan_underlay_buffer_errors_total', { family: 'ipv4' })).toBe(0)
  const socket = { port: `underlay@${a.vtep}:4789`, bridge: '' }
  expect(value('linkspan_port_kernel_drops_total', socket)).toBe(0)
  expect(value('linkspan_suppressed_total', { bridge: 'blue' })).toBe(0)
  expect(value('linkspan_directory_endpoints')).toBe(1)
  expect(value('linkspan_directory_peers')).toBe(0)
  expect(value('linkspan_directory_stale')).toBe(0)
  await ask(a.running, 'POST', '/v1/directory/lab/lose')
  expect((await scrape(a.running)).value('linkspan_directory_stale')).toBe(1)
})
