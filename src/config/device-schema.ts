/** The device of a port, as zod schemas. What hangs together across keys is in check-device.ts. */
import * as z from 'zod'
import { checkInterfaceName, checkNetns, INTERFACE_NAME, NETNS } from './names.js'
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
} from './values.js'

export const routeSchema = z.strictObject(
  { to: destination.describe(`Where to: ${DESTINATION}`), via: via.optional() },
  'a mapping with "to" and maybe "via"',
)

const ROUTES = '"auto" or a list of routes such as { to: default, via: "10.55.0.1" }'

export const tapSchema = z.strictObject({
  type: z.literal('tap').describe('A TAP interface of the Linux kernel'),
  name: text(quoted(INTERFACE_NAME), checkInterfaceName).describe(
    "The interface's name where it ends up",
  ),
  netns: text(quoted(NETNS), checkNetns)
    .optional()
    .describe('Where it ends up; left out: where we run'),
  create: flag.default(true).describe('false: attach to what is there, and leave it as it is'),
  missing: z
    .enum(['error', 'wait'], '"error" or "wait"')
    .default('error')
    .describe('When the namespace or device is not there, yet or any more'),
  mac: unicastMac.optional(),
  mtu: mtu.optional().describe("Left out: the bridge's, else 1500"),
  addresses: z.array(interfaceAddress, 'a list of addresses').default([]),
  routes: z.union([z.literal('auto', ROUTES), z.array(routeSchema, ROUTES)], ROUTES).default([]),
  persist: flag.default(false).describe('The interface stays when Linkspan ends'),
  owner: account('user').optional().describe('Who else may open it'),
  group: account('group').optional().describe('Who else may open it'),
})

export const memorySchema = z.strictObject({
  type: z.literal('memory').describe('Frames come from and go to the program itself'),
  mtu: mtu.optional().describe("Left out: the bridge's, else 1500"),
  offloads: flag.default(false).describe('Takes partial checksums and super-frames'),
})

const DEVICE = 'a mapping such as { type: tap, name: eth0 }'

export const deviceSchema = z.discriminatedUnion('type', [tapSchema, memorySchema], {
  error: ({ input }) => (typeof input === 'object' ? '"tap" or "memory"' : DEVICE),
})
