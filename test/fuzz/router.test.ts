/**
 * Damaged packets through everything that reads them: router, connection tracking, translation and
 * filter, in both families, whole and in fragments, with errors that quote each other. Never a trap,
 * nothing leaves that the kernel would refuse or that has a wrong IPv4 header, and what a burst in
 * between says that is right goes through.
 */
import { expect, test } from 'vitest'
import { buildFrame } from '../../src/packet/build.js'
import { parseFlow } from '../../src/packet/flow.js'
import { onEveryBuild } from '../support/builds.js'
import { internetSum } from '../support/checksum.js'
import { join, packet, station, superFrame } from '../support/frames.js'
import { arpFrame, framed, ICMP, ICMPV6, ipPacket, mac, sealed } from '../support/ip.js'
import { dishonesty, kernelRefusal } from '../support/kernel.js'
import { advertisement, solicitation } from '../support/nd.js'
import { Random } from '../support/random.js'
import { type Rig, rig } from '../support/rig.js'
import { decode, encode, NOTHING } from '../support/virtio.js'

const FRAMES = 200_000
const BATCH = 500
const LAN = mac('02:ff:00:00:00:01')
const WAN = mac('02:ff:00:00:00:02')
const HOST = station(1)
const NEXT = station(2)

const inside4 = '10.55.0.1'
const inside6 = 'fd55::1'
const outside4 = '198.51.100.7'
const outside6 = '2001:db8:7::7'

const whole = (frame: Uint8Array) => encode({ ...NOTHING }, frame)
const flow = (words: string, length?: number) =>
  buildFrame(parseFlow(words.split(' ')), {
    sourceMac: HOST,
    destinationMac: LAN,
    ...(length !== undefined && { length }),
  })

/** An ICMP error of either family that quotes a packet. */
function quoting(from: string, to: string, type: number, quoted: Uint8Array): Uint8Array {
  const protocol = from.includes(':') ? ICMPV6 : ICMP
  const body = join([type, 0, 0, 0, 0, 0, 5, 0], quoted.subarray(14, 14 + 120))
  const payload = sealed({ source: from, destination: to, protocol }, body, 2)
  return framed(LAN, HOST, ipPacket({ source: from, destination: to, protocol, payload }))
}

const fragment = (bits: number) => {
  const frame = flow(`udp ${inside4}:4000 ${outside4}:53`, 200)
  frame.set([0, 0], 24)
  frame.set([bits >> 8, bits & 0xff], 20)
  const sum = ~internetSum(frame.subarray(14, 34)) & 0xffff
  frame.set([sum >> 8, sum & 0xff], 24)
  return frame
}

const plain: readonly Uint8Array[] = [
  flow(`tcp ${inside4}:4000 ${outside4}:80`),
  flow(`tcp [${inside6}]:4000 [${outside6}]:80`),
  flow(`udp ${inside4}:4000 ${outside4}:53`, 1400),
  flow(`udp [${inside6}]:4000 [${outside6}]:53`, 200),
  flow(`icmp ${inside4} ${outside4}`),
  flow(`icmp ${inside6} ${outside6}`),
  flow(`icmp ${inside4} 10.55.0.254`),
  flow(`icmp ${inside6} fd55::fe`),
  flow(`tcp ${inside4}:4000 203.0.113.10:8080`),
  flow(`udp ${outside4}:53 203.0.113.10:4000`),
  flow(`tcp ${outside4}:80 203.0.113.20:22`),
  fragment(0x2000),
  fragment(0x2010),
  fragment(0x0010),
  quoting(outside4, inside4, 3, flow(`udp ${inside4}:4000 ${outside4}:53`)),
  quoting(outside4, '203.0.113.10', 11, flow(`udp 203.0.113.10:4000 ${outside4}:53`)),
  quoting(outside6, inside6, 2, flow(`udp [${inside6}]:4000 [${outside6}]:53`)),
  arpFrame({ operation: 'request', sender: inside4, target: '10.55.0.254', senderMac: HOST }),
  arpFrame({
    operation: 'reply',
    sender: inside4,
    target: '10.55.0.254',
    senderMac: HOST,
    targetMac: LAN,
  }),
  solicitation({
    to: LAN,
    from: HOST,
    source: inside6,
    destination: 'fd55::fe',
    target: 'fd55::fe',
  }),
  advertisement({
    to: LAN,
    from: HOST,
    source: inside6,
    destination: 'fd55::fe',
    target: inside6,
    flags: 0x60,
  }),
  packet({
    to: LAN,
    version: 6,
    extensions: [
      [0, 8],
      [43, 8],
      [44, 8],
      [60, 8],
    ],
  }).frame,
]
const seeds = [
  ...plain.map(whole),
  ...([4, 6] as const).map((version) => {
    const { header, frame } = superFrame(500, { to: LAN, version, payload: 3000 })
    return encode(header, frame)
  }),
]

function bench(build: Parameters<typeof rig>[0]): Rig {
  const made = rig(build, { capacity: { flows: 64, flows6: 64, neighbors: 16, rules: 16 } })
  made.port('a', { bridge: 'lan', offloads: true }).port('c', { bridge: 'lan' })
  made.uplink('wan', {
    addresses: ['203.0.113.10/24', '203.0.113.20/24', '2001:db8::10/64'],
    mac: '02:ff:00:00:00:02',
    offloads: true,
  })
  made.gateway('lan', { addresses: ['10.55.0.254/24', 'fd55::fe/64'], mac: '02:ff:00:00:00:01' })
  made.routes({ to: '0.0.0.0/0', via: '203.0.113.1' }, { to: '::/0', via: '2001:db8::1' })
  made.neighbors(
    { bridge: 'wan', address: '203.0.113.1', mac: '02:00:00:00:00:02' },
    { bridge: 'wan', address: '2001:db8::1', mac: '02:00:00:00:00:02' },
  )
  made.nat(
    [
      { type: 'static', inside: '10.55.0.9', outside: '203.0.113.20', uplink: 'wan' },
      {
        type: 'masquerade',
        from: { bridge: 'lan' },
        uplink: 'wan',
        ports: 'random',
        filtering: 'address-dependent',
      },
    ],
    [{ name: 'web', listen: 'wan:8080', to: ['10.55.0.1:80'], protocol: ['tcp'] }],
  )
  made.rules(
    {
      name: 'ssh',
      action: 'reject',
      to: { bridge: 'lan' },
      protocol: 'tcp',
      destinationPort: [22],
    },
    { name: 'rest', action: 'allow' },
  )
  return made.setStatic(HOST, 'a', 'lan').setStatic(NEXT, 'wan', 'wan')
}

/** Changes a few octets of the headers, and cuts now and then. */
function damaged(random: Random): Uint8Array {
  const bytes = random.pick(seeds).slice()
  for (let changes = random.below(4); changes > 0; changes--) {
    const at = random.chance(0.1)
      ? random.below(12)
      : 12 + random.below(Math.min(bytes.length - 12, 130))
    bytes[at] = random.chance(0.5)
      ? random.below(256)
      : random.pick([0, 1, 6, 17, 44, 58, 0x45, 0x46, 0x60, 0xff])
  }
  // Most are to be read further than the header that was damaged.
  if (random.chance(0.7) && bytes[24] === 8 && bytes[25] === 0) resum(bytes)
  return random.chance(0.05) ? bytes.subarray(0, random.below(bytes.length + 1)) : bytes
}

function resum(bytes: Uint8Array): void {
  const header = ((bytes[26] ?? 5) & 15) * 4
  if (header < 20 || bytes.length < 26 + header) return
  bytes.set([0, 0], 36)
  const sum = ~internetSum(bytes.subarray(26, 26 + header)) & 0xffff
  bytes.set([sum >> 8, sum & 0xff], 36)
}

function faultOf(bytes: Uint8Array): string | undefined {
  const { header, frame } = decode(bytes)
  const fault = kernelRefusal(header, frame) ?? dishonesty(header, frame)
  if (fault !== undefined || frame[12] !== 8 || frame[13] !== 0) return fault
  const length = ((frame[14] ?? 0) & 15) * 4
  return internetSum(frame.subarray(14, 14 + length)) === 0xffff ? undefined : 'a wrong IPv4 header'
}

onEveryBuild('fuzz of the router', (build) => {
  test('T6, T10, T11: nothing traps, nothing wrong leaves, and the router goes on', () => {
    const made = bench(build)
    const random = new Random(4711)
    let left = 0
    for (let sent = 0; sent < FRAMES; sent += BATCH) {
      for (let index = 0; index < BATCH; index++) {
        const bytes = damaged(random)
        const outside = random.chance(0.4)
        if (outside && bytes.length >= 18) bytes.set(WAN, 12)
        made.device(outside ? 'wan' : 'a').send(bytes)
      }
      made.advance(random.pick([1, 50, 1000, 40_000]))
      for (const bytes of made.device('wan').take()) {
        left++
        const fault = faultOf(bytes)
        if (fault) throw new Error(`${fault}: ${Buffer.from(bytes).toString('hex')}`)
      }
      made.device('a').take()
      made.device('c').take()
      const echo = flow(`icmp ${inside4} 10.55.0.254`)
      expect(
        made
          .inject('a', { header: { ...NOTHING }, frame: echo })
          .run()
          .frames('a').length,
      ).toBe(1)
    }
    expect(left).toBeGreaterThan(FRAMES / 50)
    const reasons = new Set(Object.keys(made.drops()).map((key) => key.split(' ')[1]))
    for (const reason of [
      'ip-header',
      'ttl-exceeded',
      'fragment-limit',
      'nat-unsolicited',
      'filter-rejected',
      'neighbor-invalid',
    ]) {
      expect([reason, reasons.has(reason)]).toEqual([reason, true])
    }
    // All that it held on to has an end.
    made.advance(9_000_000)
    expect(made.flows()).toEqual([])
  })
})
