/** The device of a port, as zod schemas. What hangs together across keys is in check-device.ts. */
import * as z from 'zod'
import {
  checkFilePath,
  checkInterfaceName,
  checkNetns,
  checkSocketPath,
  FILE_PATH,
  INTERFACE_NAME,
  NETNS,
  SOCKET_PATH,
} from './names.js'
import {
  account,
  DESTINATION,
  destination,
  flag,
  interfaceAddress,
  mtu,
  quoted,
  text,
  unicastMac,
  via,
  whole,
} from './values.js'

export const routeSchema = z.strictObject(
  { to: destination.describe(`Where to: ${DESTINATION}`), via: via.optional() },
  'a mapping with "to" and maybe "via"',
)

const ROUTES = '"auto" or a list of routes such as { to: default, via: "10.55.0.1" }'

const interfaceName = text(quoted(INTERFACE_NAME), checkInterfaceName)
const netns = text(quoted(NETNS), checkNetns).optional()
const missing = z.enum(['error', 'wait'], '"error" or "wait"').default('error')
const BRIDGE_MTU = "Left out: the bridge's, else 1500"

export const tapSchema = z.strictObject({
  type: z.literal('tap').describe('A TAP interface of the Linux kernel'),
  name: interfaceName.describe("The interface's name where it ends up"),
  netns: netns.describe('Where it ends up; left out: where we run'),
  create: flag.default(true).describe('false: attach to what is there, and leave it as it is'),
  missing: missing.describe('When the namespace or device is not there, yet or any more'),
  mac: unicastMac.optional(),
  mtu: mtu.optional().describe(BRIDGE_MTU),
  addresses: z.array(interfaceAddress, 'a list of addresses').default([]),
  routes: z.union([z.literal('auto', ROUTES), z.array(routeSchema, ROUTES)], ROUTES).default([]),
  persist: flag.default(false).describe('The interface stays when Linkspan ends'),
  owner: account('user').optional().describe('Who else may open it'),
  group: account('group').optional().describe('Who else may open it'),
})

export const packetSchema = z.strictObject({
  type: z.literal('packet').describe('An Ethernet interface that is there, through AF_PACKET'),
  name: interfaceName.describe("The interface's name: a veth or a NIC"),
  netns: netns.describe('Where it is; left out: where we run'),
  promiscuous: flag.default(true).describe('false: it passes only what its own MAC filter passes'),
  missing: missing.describe('When the namespace or interface is not there, yet or any more'),
})

const socketPath = text(quoted(SOCKET_PATH), checkSocketPath)

export const unixSchema = z.strictObject({
  type: z.literal('unix').describe('A Unix domain socket, as virtual machines have them'),
  path: socketPath.describe("The socket's path"),
  mode: z
    .enum(['stream', 'dgram', 'seqpacket'], '"stream", "dgram" or "seqpacket"')
    .default('stream')
    .describe('stream: a frame after its length in 4 octets, as QEMU does; else one a message'),
  listen: flag.default(true).describe('false: connect to a socket that is there, again and again'),
  local: socketPath.optional().describe('Where answers come to, when "dgram" does not listen'),
  mtu: mtu.optional().describe(BRIDGE_MTU),
  missing: missing.describe('When the socket or its directory is not there, yet or any more'),
})

/** Longer than a device's may be: a capture has super-frames. */
const PCAP_MTU_MAX = 65_535
const pcapFile = text(quoted(FILE_PATH), checkFilePath)

export const pcapSchema = z.strictObject({
  type: z.literal('pcap').describe('Frames come from a capture file and go to another'),
  read: pcapFile.optional().describe('A pcap or pcapng file, whose frames come in'),
  write: pcapFile.optional().describe('A pcapng file that is made; what leaves is written to it'),
  pace: z
    .enum(['file', 'fast'], '"file" or "fast"')
    .default('file')
    .describe('How "read" is read: with the timing of the file, or as fast as it goes'),
  mtu: whole(68, PCAP_MTU_MAX)
    .optional()
    .describe(`Bytes of IP; left out: the bridge's, else ${PCAP_MTU_MAX}`),
})

export const memorySchema = z.strictObject({
  type: z.literal('memory').describe('Frames come from and go to the program itself'),
  mtu: mtu.optional().describe(BRIDGE_MTU),
  offloads: flag.default(false).describe('Takes partial checksums and super-frames'),
  coalesce: flag.default(false).describe('Coalesces what comes in into super-frames'),
})

const DEVICE = 'a mapping such as { type: tap, name: eth0 }'
export const TYPES = '"tap", "packet", "unix", "pcap" or "memory"'

export const deviceSchema = z.discriminatedUnion(
  'type',
  [tapSchema, packetSchema, unixSchema, pcapSchema, memorySchema],
  { error: ({ input }) => (typeof input === 'object' ? TYPES : DEVICE) },
)
