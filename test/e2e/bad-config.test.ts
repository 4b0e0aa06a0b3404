import { describe, expect, test } from 'vitest'
import { configFile, linkspan, upFails } from '../support/linkspan.js'
import { noStrays, uniqueName } from '../support/netns.js'

/** A config of two good ports, of which `lines` replaces or adds some. */
const good = (name: string) => [
  'version: 1',
  'bridges:',
  '  lan: {}',
  'ports:',
  `  a: { bridge: lan, device: { type: tap, name: ${name}a } }`,
  `  b: { bridge: lan, device: { type: tap, name: ${name}b } }`,
]

interface Fault {
  what: string
  /** Line numbers, from 1, and what stands there instead. */
  lines: (name: string) => Record<number, string>
  says: string | RegExp
}

const faults: Fault[] = [
  {
    what: 'an unknown key',
    lines: (name) => ({
      5: `  a: { bridge: lan, device: { type: tap, name: ${name}a, adresses: [] } }`,
    }),
    says: /linkspan.yaml:5: ports.a.device.adresses: unknown key; .*did you mean "addresses"\?/,
  },
  {
    what: 'a wrong type',
    lines: (name) => ({
      6: `  b: { bridge: lan, device: { type: tap, name: ${name}b, mtu: big } }`,
    }),
    says: /linkspan.yaml:6: ports.b.device.mtu: found "big"; expected a whole number/,
  },
  {
    what: 'a MAC that another port has',
    lines: (name) => ({
      5: `  a: { bridge: lan, device: { type: tap, name: ${name}a, mac: "02:e2:e0:00:00:01" } }`,
      6: `  b: { bridge: lan, device: { type: tap, name: ${name}b, mac: "02:E2:E0:00:00:01" } }`,
    }),
    says: /linkspan.yaml:6: ports.b.device.mac: .*a MAC of its own: port "a" has this one/,
  },
  {
    what: 'an interface name that another port has',
    lines: (name) => ({ 6: `  b: { bridge: lan, device: { type: tap, name: ${name}a } }` }),
    says: /linkspan.yaml:6: ports.b.device.name: .*port "a"/,
  },
  {
    what: 'an interface name of 16 bytes',
    lines: () => ({ 5: '  a: { bridge: lan, device: { type: tap, name: e2e4567890123456 } }' }),
    says: /linkspan.yaml:5: ports.a.device.name: found "e2e4567890123456"; expected an interface name: 1 to 15 bytes/,
  },
  {
    what: 'a port on a missing bridge',
    lines: (name) => ({ 6: `  b: { bridge: wan, device: { type: tap, name: ${name}b } }` }),
    says: /linkspan.yaml:6: ports.b.bridge: there is no bridge "wan"; expected one of the bridges "lan"/,
  },
  {
    what: 'no version',
    lines: () => ({ 1: '# version: 1' }),
    says: /linkspan.yaml.*version: missing; expected 1/,
  },
  {
    what: 'text that is no YAML',
    lines: () => ({ 3: '  lan: {' }),
    says: /linkspan.yaml:\d+: /,
  },
]

function withFault(name: string, lines: Record<number, string>): string {
  return good(name)
    .map((line, index) => lines[index + 1] ?? line)
    .join('\n')
}

describe('a config with a fault is refused, with file, line and what to do', () => {
  test.each(faults)('$what', async ({ lines, says }) => {
    const name = uniqueName()
    const config = withFault(name, lines(name))
    const { status, stdout, stderr } = await upFails(config)
    expect(stderr).toMatch(says)
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
    await noStrays()
    const checked = await linkspan('check', '-c', configFile(config))
    expect(checked.status).toBe(1)
    expect(checked.stderr.replaceAll(/\/\S+\//g, '')).toBe(stderr.replaceAll(/\/\S+\//g, ''))
  })

  test('twenty faults: all twenty are told at once, in the order of the file', async () => {
    const ports = Array.from({ length: 20 }, (_, index) => {
      return `  p${index}: { bridge: lan, device: { type: tap, name: e2ep${index}, mtu: ${index} } }`
    })
    const config = ['version: 1', 'bridges: { lan: {} }', 'ports:', ...ports].join('\n')
    const { status, stderr } = await upFails(config)
    expect(status).toBe(1)
    const found = [...stderr.matchAll(/linkspan.yaml:(\d+): ports.p(\d+).device.mtu/g)]
    expect(found.map(([, line, port]) => [Number(line), Number(port)])).toEqual(
      Array.from({ length: 20 }, (_, index) => [index + 4, index]),
    )
  })

  test('one without is called right by `check`, which makes nothing', async () => {
    const config = good(uniqueName()).join('\n')
    const checked = await linkspan('check', '-c', configFile(config))
    expect(checked).toMatchObject({ status: 0, stdout: 'ok: 1 bridges, 2 ports\n', stderr: '' })
    await noStrays()
  })

  test('a device that lives in a program', async () => {
    const { status, stderr } = await upFails({
      version: 1,
      bridges: { lan: {} },
      ports: { a: { bridge: 'lan', device: { type: 'memory' } } },
    })
    expect(status).toBe(1)
    expect(stderr).toContain('port "a": a "memory" device lives in the program that uses it')
  })

  test('a file that is not there', async () => {
    const { status, stderr } = await linkspan('up', '-c', '/nowhere/linkspan.yaml')
    expect(status).toBe(1)
    expect(stderr).toMatch(
      /there is no config file \/nowhere\/linkspan.yaml: .* name another with -c/,
    )
  })
})
