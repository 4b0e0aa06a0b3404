/**
 * The shape of a config (DESIGN section 6), as zod schemas, in the two forms of forms.ts. What hangs
 * together across keys is in check.ts.
 */
import * as z from 'zod'
import { ruleSchema } from './filter-schema.js'
import { FILE, PROGRAM, type QuantitySchema } from './forms.js'
import { guardSchema } from './guard.js'
import { limitsSchema } from './limits.js'
import { mirrorSchema } from './mirror.js'
import { checkSocketPath, SOCKET_PATH } from './names.js'
import { natSchema, publishSchema } from './nat-schema.js'
import { underlaySchema, vtep, vxlanSchema } from './overlay-schema.js'
import { controlFrames, policyShape } from './policy.js'
import { portImpairSchema } from './port-impair.js'
import { gatewaySchema, neighborSchema, routerRouteSchema, uplinkSchema } from './router-schema.js'
import { isSpin, SPIN } from './spin.js'
import { account, flag, mtu, name, quoted, text, unicastMac, whole } from './values.js'
import { vlanId } from './vlan.js'

const WORKERS = '"auto" or a whole number from 1 to 64'
const spin = z.union([z.literal('auto', SPIN), z.string(SPIN).refine(isSpin, SPIN)], SPIN)
const workers = z.union([z.literal('auto', WORKERS), whole(1, 64, WORKERS)], WORKERS)

const MODE = 'a file mode of octal digits in quotes, such as "0600"'

export const controlSchema = z.strictObject(
  {
    group: account('group').optional().describe('Who besides the owner may use the socket'),
    mode: z
      .string(MODE)
      .regex(/^0?[0-7]{3}$/, MODE)
      .default('0600'),
    socket: text(quoted(SOCKET_PATH), checkSocketPath).optional(),
  },
  'a mapping such as { group: netadmin, mode: "0660" }',
)

export const fdbShape = {
  bridge: name('the name of a bridge'),
  vlan: vlanId.optional().describe("On a VLAN-aware bridge; left out: the port's untagged one"),
  mac: unicastMac,
  port: name('the name of a port').optional().describe('The port that the MAC is at'),
  vtep: vtep.optional().describe("Or the peer of the bridge's tunnels that it is behind"),
}

export const fdbSchema = z
  .strictObject(fdbShape, 'a mapping with "bridge", "mac" and either "port" or "vtep"')
  .superRefine(({ port, vtep }, ctx) => {
    const wrong = (key: string, message: string) =>
      ctx.addIssue({ code: 'custom', path: [key], message })
    if (port !== undefined && vtep !== undefined) {
      wrong('vtep', 'no "vtep" beside "port": a MAC is in one place')
    } else if (port === undefined && vtep === undefined) wrong('port', 'a "port", or a "vtep"')
  })

function capacitySchema(size: QuantitySchema) {
  return z.strictObject(
    {
      ports: whole(1, 65_535).default(1024),
      bridges: whole(1, 65_535).default(256),
      macs: whole(1, 16_777_216)
        .default(65_536)
        .describe('Entries of the FDB, all bridges together'),
      vlans: whole(1, 65_535)
        .default(4096)
        .describe('VLANs in use, each counted once a VLAN-aware bridge'),
      memberships: whole(1, 16_777_216)
        .default(65_536)
        .describe('Ports of those VLANs, summed over the VLANs'),
      maxWorkers: whole(1, 64).optional().describe('Left out: "workers", or 1 when that is auto'),
      arena: size(1 << 20, 1 << 28)
        .default(1 << 22)
        .describe('Memory for the frames of a burst, each worker; "4MiB" if left out'),
      routes: whole(1, 65_535).default(1024).describe('Routes of the router, both families'),
      neighbors: whole(1, 1_048_576)
        .default(4096)
        .describe('Neighbours of the router, all its interfaces and both families'),
      flows: whole(1, 16_777_216).default(65_536).describe('Tracked flows over IPv4'),
      flows6: whole(1, 16_777_216).default(32_768).describe('Tracked flows over IPv6'),
      rules: whole(1, 65_535).default(1024).describe('Filter rules'),
      tunnels: whole(0, 60_000)
        .optional()
        .describe(
          'Peers of bridges, summed over the bridges; left out: 1024, or what "ports" leaves of 65535',
        ),
    },
    'a mapping such as { ports: 4096 }',
  )
}

type Form = typeof FILE | typeof PROGRAM

const PROTOCOL = '"802.1Q" or "802.1ad"'

function bridgeSchema(duration: QuantitySchema) {
  return z.strictObject(
    {
      // IEEE 802.1D-2004 7.9.2: default and range.
      ageing: duration(10_000, 1_000_000_000)
        .default(300_000)
        .describe('How long a silent MAC is kept; "300s" if left out'),
      mtu: mtu.optional().describe('The most any of its ports may have'),
      vlanAware: flag.default(false).describe('false: VLAN tags are carried as payload'),
      vlanProtocol: z
        .enum(['802.1Q', '802.1ad'], PROTOCOL)
        .optional()
        .describe('Which tags count, when VLAN-aware; "802.1Q" if left out'),
      isolated: flag.default(false).describe('Whether its ports are isolated that do not say'),
      controlFrames: controlFrames.default([]).describe('Link-local protocols that pass'),
      mirror: mirrorSchema.optional().describe('Copies of the frames of all its ports'),
      gateway: gatewaySchema.optional().describe("The router's own interface on it"),
      vxlan: vxlanSchema.optional().describe('Its tunnels to other hosts; needs "underlay"'),
      policy: z
        .enum(['allow', 'deny'], '"allow" or "deny"')
        .default('allow')
        .describe('What becomes of what no filter rule matches'),
    },
    'a mapping, {} for all defaults',
  )
}

function portSchema<P extends Form>(parts: P) {
  return z.strictObject(
    {
      bridge: name('the name of a bridge'),
      device: parts.device as P['device'],
      up: flag.default(true).describe('false: the port forwards nothing'),
      vlan: (parts.vlan as P['vlan'])
        .optional()
        .describe('On a VLAN-aware bridge; left out: { native: 1, tagged: [] }'),
      ...policyShape,
      limits: limitsSchema(parts.size).prefault({}),
      guard: guardSchema.optional().describe('What the port may send from; left out: anything'),
      mirror: mirrorSchema.optional().describe('Copies of its frames'),
      impair: portImpairSchema.optional().describe('Delay, loss and other faults of a link'),
    },
    'a mapping such as { bridge: lan, device: { type: tap, name: eth0 } }',
  )
}

function configSchema<P extends Form>(parts: P) {
  const capacity = capacitySchema(parts.size)
  const bridge = bridgeSchema(parts.duration)
  const port = portSchema(parts)
  const uplink = uplinkSchema(parts)
  const shape = {
    version: parts.version as P['version'],
    workers: workers.default('auto'),
    spin: spin.default('auto').describe('How long a worker looks for frames before it sleeps'),
    capacity: capacity
      .prefault({})
      .describe('Sizes of what is set up at start; a change needs a restart'),
    bridges: z.record(name(), bridge, 'a mapping of bridge names to bridges').default({}),
    ports: z.record(name(), port, 'a mapping of port names to ports').default({}),
    uplinks: z
      .record(name(), uplink, 'a mapping of uplink names to uplinks')
      .default({})
      .describe('Ports on which the router is a host of an outer network'),
    underlay: underlaySchema.optional().describe('Our own end of all tunnels (VXLAN)'),
    fdb: z
      .array(fdbSchema, 'a list of { bridge, mac, port } and { bridge, mac, vtep }')
      .default([])
      .describe('Static entries'),
    routes: z
      .array(routerRouteSchema, 'a list of routes such as { to: "10.9.0.0/16", via: 10.55.0.9 }')
      .default([])
      .describe('Static routes of the router'),
    neighbors: z
      .array(neighborSchema, 'a list of { bridge, address, mac } and { uplink, address, mac }')
      .default([])
      .describe('Static neighbours of the router'),
    nat: z.array(natSchema, 'a list of NAT rules').default([]).describe('Source translation'),
    publish: z
      .array(publishSchema, 'a list of { name, listen, to }')
      .default([])
      .describe('Services inside that the outer network reaches'),
    filter: z
      .array(ruleSchema, 'a list of rules')
      .default([])
      .describe('In order; the first that matches decides'),
    control: controlSchema.prefault({}),
  }
  return {
    capacity,
    bridge,
    port,
    uplink,
    config: z.strictObject(shape, 'a mapping such as { version: 1 }'),
  }
}

/** Made when they are first asked for: it takes long, and a process seldom needs both forms. */
function lazily<P extends Form>(parts: P) {
  let made: ReturnType<typeof configSchema<P>> | undefined
  const all = () => {
    made ??= configSchema(parts)
    return made
  }
  return {
    get capacity() {
      return all().capacity
    },
    get bridge() {
      return all().bridge
    },
    get port() {
      return all().port
    },
    get uplink() {
      return all().uplink
    },
    get config() {
      return all().config
    },
  }
}

export const fileSchemas = lazily(FILE)
export const programSchemas = lazily(PROGRAM)
