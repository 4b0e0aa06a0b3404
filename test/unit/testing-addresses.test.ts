/** The lab: hosts without an address, and those that take one later and give it back. */
import { describe, expect, test } from 'vitest'
import { createLab, type Host } from '../../src/testing/index.js'
import { codeOf } from '../support/errors.js'

async function some() {
  const lab = await createLab()
  const lan = lab.bridge('lan', { gateway: ['10.0.0.1/24'] })
  const server = lab.host('server', { addresses: ['10.0.0.2/24'] })
  const client = lab.host('client', { addresses: [] })
  return { lab, lan, server, client }
}

describe('a host without an address', () => {
  test('sends from 0.0.0.0 to everybody, and hears what is sent to everybody', async () => {
    const { lab, server, client } = await some()
    const asked = server.udp(67)
    const socket = client.udp(68)
    await socket.send('255.255.255.255', 67, 'who am I?')
    expect(await asked.receive()).toMatchObject({
      ...{ from: '0.0.0.0', port: 68, to: '255.255.255.255', text: 'who am I?' },
    })
    await asked.send('255.255.255.255', 68, 'somebody')
    expect((await socket.receive()).text).toBe('somebody')
    await lab.close()
  })

  test('has a way to nobody else', async () => {
    const { lab, client } = await some()
    for (const to of ['10.0.0.2', '10.0.0.255', '224.0.0.251']) {
      await expect(client.udp().send(to, 67, '')).rejects.toMatchObject({ code: 'UNREACHABLE' })
    }
    await lab.close()
  })

  test('an answer to 0.0.0.0 is lost: nobody has it, not even behind a gateway', async () => {
    const { lab, server, client } = await some()
    server.udp(67, (datagram) => void datagram.reply('you'))
    const socket = client.udp(68)
    await socket.send('255.255.255.255', 67, '')
    await lab.advance(10)
    expect(lab.switch().production.drops()).toEqual([])
    await expect(server.udp().send('0.0.0.0', 68, '')).rejects.toMatchObject({
      code: 'UNREACHABLE',
    })
    await lab.close()
  })
})

describe('an address that is taken later', () => {
  const reaches = async (from: Host, to: Host | string) =>
    (await from.ping(to, { timeout: '1s' })).received === 1

  test('is used at once, with its gateway; given back it is nobody’s', async () => {
    const { lab, server, client } = await some()
    const far = lab.host('far', { bridge: lab.bridge('far', { gateway: ['10.1.0.1/24'] }) })
    client.addAddress('10.0.0.9/24', { gateway: '10.0.0.1' })
    expect(client.addresses).toEqual(['10.0.0.9'])
    expect(await reaches(client, server)).toBe(true)
    expect(await reaches(server, client)).toBe(true)
    expect(await reaches(client, far)).toBe(true)
    client.removeAddress('10.0.0.9')
    expect(client.addresses).toEqual([])
    expect(await reaches(server, '10.0.0.9')).toBe(false)
    await expect(client.ping(far)).rejects.toMatchObject({ code: 'UNREACHABLE' })
    // Another one may have it now.
    server.addAddress('10.0.0.9/24')
    expect(await reaches(far, '10.0.0.9')).toBe(true)
    await lab.close()
  })

  test('beside another one, both are answered for', async () => {
    const { lab, server, client } = await some()
    server.addAddress('10.0.0.3/24')
    client.addAddress('10.0.0.9/24')
    expect(await reaches(client, '10.0.0.2')).toBe(true)
    expect(await reaches(client, '10.0.0.3')).toBe(true)
    server.removeAddress('10.0.0.2')
    expect(await reaches(client, '10.0.0.2')).toBe(false)
    expect(await reaches(client, '10.0.0.3')).toBe(true)
    await lab.close()
  })

  test('over IPv6, with a gateway', async () => {
    const lab = await createLab()
    const lan = lab.bridge('lan', { gateway: ['fd00::1/64'] })
    const far = lab.host('far', { bridge: lab.bridge('far', { gateway: ['fd01::1/64'] }) })
    const host = lab.host('host', { bridge: lan, addresses: [] })
    host.addAddress('fd00::9/64', { gateway: 'fd00::1' })
    expect(await reaches(host, far)).toBe(true)
    host.removeAddress('fd00::9')
    await expect(host.ping(far)).rejects.toMatchObject({ code: 'UNREACHABLE' })
    await lab.close()
  })

  test.each([
    ['that another host has', '10.0.0.2/24', {}, 'EXISTS'],
    ['of the gateway', '10.0.0.1/24', {}, 'EXISTS'],
    ['of no network of the bridge', '10.9.0.9/24', {}, 'INVALID'],
    ['without a prefix length', '10.0.0.9', {}, 'INVALID'],
    ['with a gateway elsewhere', '10.0.0.9/24', { gateway: '10.9.0.1' }, 'INVALID'],
  ])('%s is refused, and nothing has changed', async (_, address, options, code) => {
    const { lab, client } = await some()
    expect(codeOf(() => client.addAddress(address, options))).toBe(code)
    expect(client.addresses).toEqual([])
    client.addAddress('10.0.0.9/24', { gateway: '10.0.0.1' })
    await lab.close()
  })

  test('one that the host does not have cannot be given back', async () => {
    const { lab, server } = await some()
    expect(() => server.removeAddress('10.0.0.9')).toThrow('it has 10.0.0.2')
    await lab.close()
    expect(codeOf(() => server.addAddress('10.0.0.9/24'))).toBe('CLOSED')
  })
})

test('what is sent to a group of the link comes from an address of the link (RFC 6724 5 rule 2)', async () => {
  const lab = await createLab()
  lab.bridge('lan', { subnets: ['fd00::/64'] })
  const [a, b] = [lab.host('a'), lab.host('b')]
  const socket = b.udp(5353)
  socket.join('ff02::fb')
  await a.udp(5353).send('ff02::fb', 5353, '')
  expect((await socket.receive()).from).toMatch(/^fe80::/)
  await lab.close()
})
