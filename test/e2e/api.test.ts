/** The control API as any HTTP client meets it. */
import { once } from 'node:events'
import { connect } from 'node:net'
import { describe, expect, test } from 'vitest'
import { type Answer, send } from '../support/http.js'
import { lab, two } from '../support/lab.js'
import { command, type Linkspan, linkspan, up } from '../support/linkspan.js'
import { finishPing, ip, namespace, ping, startPing } from '../support/netns.js'
import { checkerOf, type Document, operationsOf } from '../support/openapi.js'
import { start } from '../support/process.js'
import { until } from '../support/until.js'

const post = (running: Linkspan, path: string, body: unknown) =>
  send(running, 'POST', path, { body: JSON.stringify(body) })

/** An error as every error is. @returns its code and message */
function errorOf({ text, type }: Answer): { code: string; message: string } {
  expect(type).toBe('application/json; charset=utf-8')
  const { error, ...rest } = JSON.parse(text)
  expect(rest).toEqual({})
  expect(error).toEqual({ code: expect.any(String), message: expect.any(String) })
  return error
}

/** What this switch has none of. */
const EMPTY = new Set([
  ...['/v1/vlans', '/v1/routes', '/v1/neighbors', '/v1/rules', '/v1/publish', '/v1/flows'],
  ...['/v1/tunnels', '/v1/underlay', '/v1/peers', '/v1/endpoints'],
])

async function busy() {
  const { stations, config } = lab(3, { ipv6: false })
  const [a, b] = two(stations)
  const { c: _, ...ports } = config.ports
  const fdb = [{ bridge: 'lan', mac: '02:e2:e0:00:00:99', port: 'b' }]
  const running = await up({ ...config, ports, fdb })
  await ping(a.netns, b.ip4)
  // A frame to what is behind the very port it comes from, for a drop.
  ip('-n', b.netns, 'neigh', 'add', '10.77.0.99', 'lladdr', '02:e2:e0:00:00:99', 'dev', 'eth0')
  await ping(b.netns, '10.77.0.99', '-c', '1', '-W', '1')
  return { running, a, b, config: { ...config, ports, fdb }, third: stations[2]?.netns ?? '' }
}

describe('every answer of a running switch is what the description says', () => {
  test('reading', async () => {
    const { running } = await busy()
    const document = JSON.parse((await send(running, 'GET', '/v1/openapi.json')).text) as Document
    const printed = JSON.parse((await linkspan('api')).stdout)
    expect(printed).toEqual(document)
    for (const [method, path, { responses }] of operationsOf(document)) {
      if (method !== 'GET' || path === '/v1/events') continue
      const { status, type, text } = await send(running, method, path.replace('{name}', 'a'))
      expect(status, path).toBe(200)
      const [[expected, content] = []] = Object.entries(responses['200']?.content ?? {})
      expect(type.startsWith(expected ?? '?'), path).toBe(true)
      if (expected !== 'application/json' || EMPTY.has(path)) continue
      expect(checkerOf(document, content?.schema ?? {})(JSON.parse(text)), path).toEqual([])
      // Something to check is there: of a list too.
      expect(text.length, path).toBeGreaterThan(10)
    }
  })

  test('changing', async () => {
    const { running, config, third } = await busy()
    const document = JSON.parse((await send(running, 'GET', '/v1/openapi.json')).text) as Document
    const mac = '02:e2:e0:00:00:77'
    const device = { type: 'tap', name: 'eth0', netns: third }
    for (const [method, path, body, at = path] of [
      ['POST', '/v1/bridges', { name: 'more', bridge: { ageing: '60s' } }],
      ['POST', '/v1/bridges', { name: 'plain' }],
      ['POST', '/v1/ports', { name: 'new', port: { bridge: 'more', device } }],
      ['PATCH', '/v1/ports/new', { port: { isolated: true } }, '/v1/ports/{name}'],
      ['PATCH', '/v1/bridges/more', { bridge: { vlanAware: true } }, '/v1/bridges/{name}'],
      ['PATCH', '/v1/ports/new', { tag: [7, '20-29'], untag: [23] }, '/v1/ports/{name}'],
      ['POST', '/v1/fdb', { bridge: 'lan', mac, port: 'a' }],
      ['POST', '/v1/fdb/delete', { bridge: 'lan', mac }],
      ['POST', '/v1/fdb/flush', { bridge: 'lan' }],
      ['POST', '/v1/apply', { config, dryRun: true, prune: true }],
      ['POST', '/v1/apply', { config: { ...config, fdb: [] }, confirm: 60_000 }],
      ['POST', '/v1/confirm', undefined],
      ['DELETE', '/v1/ports/new', undefined, '/v1/ports/{name}'],
      ['DELETE', '/v1/bridges/more', undefined, '/v1/bridges/{name}'],
      ['POST', '/v1/stop', undefined],
    ] as const) {
      const operation = document.paths[at]?.[method.toLowerCase()]
      const content = operation?.requestBody?.content['application/json']
      if (content) expect(checkerOf(document, content.schema)(body), path).toEqual([])
      const sent = body === undefined ? {} : { body: JSON.stringify(body) }
      const { status, text } = await send(running, method, path, sent)
      const answered = operation?.responses[status]
      expect(status, `${path} ${text}`).toBeLessThan(300)
      const schema = answered?.content?.['application/json']?.schema
      expect(schema === undefined).toBe(text === '')
      if (schema) expect(checkerOf(document, schema)(JSON.parse(text)), path).toEqual([])
    }
    expect(await running.program.end()).toMatchObject({ status: 0 })
  })
})

const MEBIBYTE = 1 << 20

describe('bad input is refused, and the switch goes on', () => {
  test('wrong types, unknown names, nonsense, too much', async () => {
    const { running, a, b } = await busy()
    const flow = await startPing(a.netns, b.ip4)
    const text = (body: string | Buffer, type?: string) => ({ body, ...(type && { type }) })
    for (const [method, path, sent, status, says] of [
      ['POST', '/v1/ports', text('{"name": 7}'), 400, 'name: '],
      ['POST', '/v1/ports', text('{}'), 400, 'name: '],
      ['POST', '/v1/ports', text('[]'), 400, 'the body: '],
      ['POST', '/v1/ports', text('null'), 400, ''],
      ['POST', '/v1/ports', text('7'), 400, 'the body: '],
      ['POST', '/v1/ports', text('{"name": "x", "port": 7}'), 400, 'port: expected a port as in'],
      ['POST', '/v1/ports', text('{"name": "x", "port": {}}'), 400, ''],
      ['POST', '/v1/ports', text('{"name": "x", "port": {"bridge": "wan"}}'), 404, '"wan"'],
      ['POST', '/v1/ports', text('{"name": "x", "port": {"bridge": "lan"}}'), 400, 'memory'],
      ['POST', '/v1/ports', text('{"name": "a", "port": {"bridge": "lan"}}'), 409, '"a" already'],
      ['POST', '/v1/ports', text('{"name": "__proto__", "port": {"bridge": "lan"}}'), 400, ''],
      ['POST', '/v1/ports', text('{"__proto__": {"name": "x"}}'), 400, ''],
      ['POST', '/v1/ports', text('{"name": "x"'), 400, ''],
      ['POST', '/v1/ports', text(''), 400, ''],
      ['POST', '/v1/ports', text('name=x', 'application/x-www-form-urlencoded'), 415, 'not JSON'],
      ['POST', '/v1/ports', text('{}', 'text/plain'), 415, 'not JSON'],
      ['POST', '/v1/ports', text(Buffer.alloc(10 * MEBIBYTE, ' ')), 413, 'larger than 4 MiB'],
      ['POST', '/v1/ports', text(Buffer.from([0xff, 0xfe, 0x00])), 400, ''],
      ['DELETE', '/v1/ports/z', {}, 404, 'there is no port "z"'],
      ['DELETE', '/v1/ports/%00%ff', {}, 400, ''],
      ['POST', '/v1/bridges', text('{"name": "lan"}'), 409, 'there is a bridge "lan" already'],
      ['POST', '/v1/bridges', text('{"name": "a b"}'), 400, 'bridges["a b"]'],
      ['POST', '/v1/bridges', text('{"name": "x", "bridge": {"ageing": 1}}'), 400, 'ageing'],
      ['DELETE', '/v1/bridges/lan', {}, 409, 'still has port "a"'],
      ['DELETE', '/v1/bridges/x', {}, 404, 'there is no bridge "x"'],
      ['POST', '/v1/fdb', text('{"bridge": "lan", "mac": 7, "port": "a"}'), 400, 'mac: '],
      ['POST', '/v1/fdb', text('{"bridge": "lan", "mac": "zz", "port": "a"}'), 400, 'a MAC'],
      ['POST', '/v1/fdb/flush', text('{"prot": "a"}'), 400, 'prot'],
      ['POST', '/v1/apply', text('{}'), 400, 'config: expected a config as in docs/config.md'],
      ['POST', '/v1/apply', text('{"config": {"version": 2}}'), 400, 'version'],
      ['POST', '/v1/apply', text('{"config": {}, "confirm": 1}'), 400, 'confirm'],
      ['POST', '/v1/apply', text('{"config": {}, "confirm": "60s"}'), 400, 'confirm'],
      ['POST', '/v1/confirm', {}, 404, 'no apply that waits'],
      ['GET', '/v1/nothing', {}, 404, 'GET /v1/openapi.json says what there is'],
      ['GET', '/', {}, 404, ''],
      ['GET', '/v1/ports/a/b', {}, 404, ''],
      ['PUT', '/v1/ports', text('{}'), 405, '/v1/ports does not take PUT; it takes GET, POST'],
      ['GET', '/v1/stop', {}, 405, 'it takes POST'],
      ['HEAD', '/v1/events', {}, 405, undefined], // which has no body
      ['PUT', '/v1/ports/a', {}, 405, 'it takes GET, PATCH, DELETE'],
      ['PATCH', '/v1/ports/z', text('{}'), 404, 'there is no port "z"'],
      ['PATCH', '/v1/ports/a', text('{"up": false}'), 400, 'up'],
      ['PATCH', '/v1/ports/a', text('{"port": {"colour": 1}}'), 400, 'ports.a.colour: unknown key'],
      ['PATCH', '/v1/ports/a', text('{"port": {"bridge": null}}'), 400, 'ports.a.bridge'],
      ['PATCH', '/v1/ports/a', text('{"port": {"bridge": "wan"}}'), 400, '"wan"'],
      ['PATCH', '/v1/ports/a', text('{"port": {"device": 7}}'), 400, 'ports.a.device'],
      ['PATCH', '/v1/ports/a', text('{"tag": [5000]}'), 400, 'tag'],
      ['PATCH', '/v1/ports/a', text('{"tag": [5]}'), 400, 'not VLAN-aware'],
      ['PATCH', '/v1/bridges/wan', text('{}'), 404, 'there is no bridge "wan"'],
      ['PATCH', '/v1/bridges/lan', text('{"bridge": {"ageing": 1}}'), 400, 'ageing'],
      ['GET', '/v1/fdb?bridge=wan', {}, 404, 'there is no bridge "wan"'],
      ['GET', '/v1/fdb?port=z', {}, 404, 'there is no port "z"'],
      ['GET', '/v1/fdb?mac=zz', {}, 400, 'a MAC'],
      ['GET', '/v1/fdb?vlan=4095', {}, 400, 'vlan'],
      ['GET', '/v1/fdb?prot=a', {}, 400, 'prot'],
      ['GET', '/v1/fdb?port=a&port=b', {}, 400, 'port'],
      ['GET', '/v1/vlans?bridge=wan', {}, 404, 'there is no bridge "wan"'],
      ['GET', '/v1/drops?port=z', {}, 404, 'there is no port "z"'],
      ['GET', '/v1/ports/z', {}, 404, 'there is no port "z"'],
    ] as const) {
      const answer = await send(running, method, path, sent)
      const what = `${method} ${path} ${String('body' in sent ? sent.body : '').slice(0, 60)}`
      expect({ what, status: answer.status }).toEqual({ what, status })
      if (says !== undefined) expect(errorOf(answer).message, what).toContain(says)
      if (status === 405) expect(answer.headers.allow).toMatch(/GET|POST|PATCH|DELETE/)
    }
    await stillWhole(running, flow)
  })

  test('half a request, and what is no HTTP', async () => {
    const { running, a, b } = await busy()
    const flow = await startPing(a.netns, b.ip4)
    const head = 'POST /v1/ports HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n'
    const [inBody, inHead, cut, noHttp, lying] = await Promise.all([
      raw(running, `${head}content-length: 100\r\n\r\n{"name": `),
      raw(running, head),
      raw(running, `${head}content-length: 100\r\n\r\n{"name": `, true),
      raw(running, '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'),
      raw(running, `${head}content-length: 10\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`),
    ])
    for (const answer of [inBody, inHead]) {
      expect(answer).toMatch(/^HTTP\/1\.1 408 /)
      expect(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n'))).error.message).toContain('5 s')
    }
    for (const answer of [noHttp, lying]) expect(answer).toMatch(/^HTTP\/1\.1 400 .*"INVALID"/s)
    expect(cut).toMatch(/^$|^HTTP\/1\.1 400 /)
    await stillWhole(running, flow)
  })
})

/** What the switch answers to these bytes, until it closes; `end`: there is no more to come. */
async function raw(running: Linkspan, bytes: string, end = false): Promise<string> {
  const socket = connect(running.socket)
  let answer = ''
  socket.on('data', (data) => {
    answer += data
  })
  socket.on('error', () => {})
  socket.write(bytes, 'latin1')
  if (end) socket.end()
  await once(socket, 'close')
  return answer
}

async function stillWhole(running: Linkspan, flow: Awaited<ReturnType<typeof startPing>>) {
  const { transmitted, received } = await finishPing(flow)
  expect(received).toBe(transmitted)
  const names = (await running.show<{ name: string }[]>('ports')).map(({ name }) => name)
  expect(names).toEqual(['a', 'b'])
  expect(await running.show('bridges')).toHaveLength(1)
  expect(running.program.running).toBe(true)
}

describe('the stream of events', () => {
  test('tells what happens, to each who listens', async () => {
    const { running, config } = await busy()
    const document = JSON.parse((await linkspan('api')).stdout) as Document
    const checker = checkerOf(document, { $ref: '#/components/schemas/Event' })
    const words = [...command, 'events', '--socket', running.socket]
    const listeners = [start(words), start(words)]
    const netns = namespace()
    const port = { bridge: 'lan', device: { type: 'tap', name: 'eth0', netns } }
    // Not before both are listening: applies of nothing are told too.
    const first = () => listeners.every(({ stdout }) => stdout.includes('"applied"'))
    await until('both listen', async () => {
      await post(running, '/v1/apply', { config })
      return first()
    })
    await post(running, '/v1/apply', { config: { ...config, ports: { ...config.ports, port } } })
    for (const { stdout } of listeners) {
      await until('the change', () => stdout.includes('"changes":1') || first())
    }
    await until('the change', () => listeners.every(({ stdout }) => stdout.includes('"changes":1')))
    for (const { stdout } of listeners) {
      for (const line of stdout.trim().split('\n')) {
        expect(checker(JSON.parse(line)), line).toEqual([])
      }
    }
    listeners[0]?.kill('SIGKILL')
    await running.do('down')
    expect((await listeners[1]?.end())?.status).not.toBeNull()
  })

  test('of a client that does not read is bounded, and others do not wait for it', async () => {
    const { running, config } = await busy()
    const socket = connect(running.socket)
    socket.write('GET /v1/events HTTP/1.1\r\nhost: x\r\n\r\n')
    await once(socket, 'readable') // its head; nothing is read
    for (let round = 0; round < 200; round++) {
      const { status } = await post(running, '/v1/apply', { config })
      expect(status).toBe(200)
    }
    expect((await running.show<object>('info')) !== undefined).toBe(true)
    socket.destroy()
    expect((await running.run('down')).status).toBe(0)
  })
})
