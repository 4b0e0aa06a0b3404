// A DHCP client (RFC 2131) against a small server: broadcasts from 0.0.0.0, offers that are lost, leases that end.
import { createLab } from 'linkspan/testing'
import { expect, test } from 'vitest'

const [DISCOVER, OFFER, REQUEST, ACK] = [1, 2, 3, 5]
const Option = { MASK: 1, ROUTER: 3, ADDRESS: 50, LEASE: 51, TYPE: 53, SERVER: 54, END: 255 }

const toBytes = (address) => address.split('.').map(Number)
const toText = (bytes) => [...bytes].join('.')

/** Octets of a message: RFC 2131 section 2, RFC 2132. */
function encode({ op, id, mac, yours = '0.0.0.0', options }) {
  const message = new Uint8Array(240)
  message.set([op, 1, 6])
  new DataView(message.buffer).setUint32(4, id)
  message.set([0x80, 0], 10) // "answer to everybody": there is no address yet to send to
  message.set(toBytes(yours), 16)
  message.set(
    mac.split(':').map((octet) => Number.parseInt(octet, 16)),
    28,
  )
  message.set([99, 130, 83, 99], 236)
  const coded = Object.entries(options).flatMap(([code, value]) => [
    Number(code),
    value.length,
    ...value,
  ])
  return Uint8Array.from([...message, ...coded, Option.END])
}

function decode(data) {
  const options = {}
  for (let at = 240; data[at] !== Option.END; at += 2 + data[at + 1]) {
    options[data[at]] = data.subarray(at + 2, at + 2 + data[at + 1])
  }
  const id = new DataView(data.buffer, data.byteOffset).getUint32(4)
  const mac = Array.from(data.subarray(28, 34), (octet) =>
    octet.toString(16).padStart(2, '0'),
  ).join(':')
  return {
    op: data[0],
    id,
    mac,
    yours: toText(data.subarray(16, 20)),
    type: options[Option.TYPE]?.[0],
    options,
  }
}

const seconds = (value) =>
  [value >>> 24, value >>> 16, value >>> 8, value].map((octet) => octet & 255)

/** A server that has a fixed address for each client that asks: 10.0.0.100 and on, for a minute. */
function serve(host) {
  const leases = new Map()
  const socket = host.udp(67, ({ data }) => {
    const { id, mac, type } = decode(data)
    if (!leases.has(mac)) leases.set(mac, `10.0.0.${100 + leases.size}`)
    const options = {
      [Option.TYPE]: [type === DISCOVER ? OFFER : ACK],
      [Option.SERVER]: toBytes('10.0.0.2'),
      [Option.MASK]: toBytes('255.255.255.0'),
      [Option.ROUTER]: toBytes('10.0.0.1'),
      [Option.LEASE]: seconds(60),
    }
    const answer = encode({ op: 2, id, mac, yours: leases.get(mac), options })
    void socket.send('255.255.255.255', 68, answer)
  })
  return leases
}

/** What is tested: asks until it has a lease, which it makes the host's address. */
async function obtain(host, { id = 1, attempts = 5 } = {}) {
  const socket = host.udp(68)
  const ask = async (type, wanted, more) => {
    const options = { [Option.TYPE]: [type], ...more }
    const message = encode({ op: 1, id, mac: host.mac, options })
    for (let attempt = 0; attempt < attempts; attempt++) {
      await socket.send('255.255.255.255', 67, message)
      const answer = await answerTo(wanted, 1000 * 2 ** attempt) // RFC 2131 4.1, without its dice
      if (answer) return answer
    }
    throw new Error(`no answer from a DHCP server in ${attempts} attempts`)
  }
  const answerTo = async (wanted, timeout) => {
    try {
      for (;;) {
        const answer = decode((await socket.receive({ timeout })).data)
        if (
          answer.op === 2 &&
          answer.id === id &&
          answer.mac === host.mac &&
          answer.type === wanted
        )
          return answer
      }
    } catch (error) {
      if (error.code !== 'TIMEOUT') throw error
      return undefined
    }
  }
  try {
    const offer = await ask(DISCOVER, OFFER)
    const server = offer.options[Option.SERVER]
    const { yours, options } = await ask(REQUEST, ACK, {
      [Option.ADDRESS]: toBytes(offer.yours),
      [Option.SERVER]: server,
    })
    host.addAddress(`${yours}/24`, { gateway: toText(options[Option.ROUTER]) })
    return yours
  } finally {
    socket.close()
  }
}

/** A LAN with a gateway, a server, and a client without an address; a web server beyond the gateway. */
async function office() {
  const lab = await createLab({ seed: 7 })
  const lan = lab.bridge('lan', { gateway: ['10.0.0.1/24'] })
  const leases = serve(lab.host('dhcp', { bridge: lan, addresses: ['10.0.0.2/24'] }))
  const web = lab.host('web', { bridge: lab.bridge('web', { gateway: ['192.0.2.1/24'] }) })
  const client = lab.host('client', { bridge: lan, addresses: [] })
  return { lab, lan, leases, client, web }
}

test('a client gets an address, and reaches the world', async () => {
  const { lab, client, web } = await office()
  expect(await obtain(client)).toBe('10.0.0.100')
  expect(client.addresses).toEqual(['10.0.0.100'])
  expect((await client.ping(web)).received).toBe(1)
  await lab.close()
})

test('two clients at once: each hears the other’s offers, and takes its own', async () => {
  const { lab, lan, client } = await office()
  const other = lab.host('other', { bridge: lan, addresses: [] })
  const got = await Promise.all([obtain(client, { id: 1 }), obtain(other, { id: 1 })])
  expect(got).toEqual(['10.0.0.100', '10.0.0.101'])
  expect((await client.ping(other)).received).toBe(1)
  await lab.close()
})

test('offers are lost for five seconds: it asks again after one, three and seven', async () => {
  const { lab, client } = await office()
  client.link.schedule([
    { at: 0, settings: { in: { up: false } } }, // in: what the client gets
    { at: '5s', settings: { in: { up: true } } },
  ])
  expect(await obtain(client)).toBe('10.0.0.100')
  expect(lab.now).toBe(7000)
  await lab.close()
})

test('without a server it gives up, after 31 seconds of the lab’s clock', async () => {
  const { lab, client } = await office()
  lab.link('dhcp').set({ up: false })
  await expect(obtain(client)).rejects.toThrow('in 5 attempts')
  expect(lab.now).toBe(31_000)
  await lab.close()
})

test('a lease that is given back is somebody else’s', async () => {
  const { lab, leases, client, web } = await office()
  const address = await obtain(client)
  client.removeAddress(address)
  await expect(client.ping(web)).rejects.toMatchObject({ code: 'UNREACHABLE' })
  leases.clear()
  const next = lab.host('next', { bridge: 'lan', addresses: [] })
  expect(await obtain(next)).toBe(address)
  expect((await next.ping(web)).received).toBe(1)
  await lab.close()
})
