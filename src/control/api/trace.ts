/** What the switch would do with a frame. */
import * as z from 'zod'
import { parseMac } from '../../config/address.js'
import { LinkspanError } from '../../error.js'
import { CHOSEN_BY } from '../../inspect/datagram.js'
import { VERDICTS } from '../../inspect/explain.js'
import { STAGES } from '../../inspect/stages.js'
import { traceFrames } from '../../inspect/trace.js'
import { buildFrame } from '../../packet/build.js'
import { parseFlow } from '../../packet/flow.js'
import { parseHex } from '../../packet/hex.js'
import type { RunningSwitch } from '../running.js'
import { macsOf } from './flow-macs.js'
import { answers, requests, route } from './route.js'
import { count } from './values.js'

const layer = z.strictObject({
  layer: z.string(),
  offset: count,
  length: count,
  fields: z.record(z.string(), z.unknown()),
  text: z.string(),
})
answers.add(layer, { id: 'Layer' })

/** The headers around a frame in a tunnel. */
const outer = {
  tunnel: z.string().nullable().describe("The tunnel's port; null for a datagram of none"),
  vni: z.number().nullable().describe('Null where the VXLAN header has none'),
  source: z.string(),
  destination: z.string(),
  sourcePort: z.number(),
  destinationPort: z.number(),
  ttl: z.number().describe('TTL or hop limit'),
  dscp: z.number(),
  ecn: z.number().describe('0 not-ECT, 1 ECT(1), 2 ECT(0), 3 CE'),
  inner: count.nullable().describe('Octets of the frame inside; null where there is none'),
}

const arrived = z.strictObject({
  ...outer,
  checksum: z
    .enum(['right', 'wrong', 'partial', 'absent', 'unchecked'])
    .describe('Of UDP; a socket of the kernel drops what is wrong'),
  innerEcn: z
    .strictObject({ before: z.number(), after: z.number() })
    .nullable()
    .describe('Of the packet inside, as it came and as it goes on; null where there is none'),
  partial: z
    .boolean()
    .describe('The packet inside has a partial checksum, left by the peer; it is completed'),
  segmentSize: count.nullable().describe('Of the super-frame that it is taken for'),
})
answers.add(arrived, { id: 'ArrivedDatagram' })

const leaving = z.strictObject({
  ...outer,
  mtu: z.number().describe('The longest packet that the tunnel takes'),
  sourcePorts: z
    .strictObject({ first: z.number(), count: z.number() })
    .describe('What the source port was chosen from'),
  chosenBy: z
    .enum(CHOSEN_BY)
    .describe('By what of the frame inside: addresses, protocol and ports; without ports; MACs'),
})
answers.add(leaving, { id: 'LeavingDatagram' })

const drop = z.strictObject({ port: z.string(), reason: z.string(), text: z.string() })

export const traceAnswer = z.strictObject({
  port: z.string(),
  bridge: z.string().nullable().describe('Null for a datagram of no tunnel'),
  vlan: z.number().nullable(),
  layers: z
    .array(layer)
    .describe('The frame as it came in, header by header; by a tunnel, the datagram'),
  datagram: arrived
    .nullable()
    .describe('The headers around a frame that came in by a tunnel; null if they are malformed'),
  steps: z.array(
    z.strictObject({
      stage: z.enum(STAGES),
      text: z.string(),
    }),
  ),
  verdict: z
    .enum(VERDICTS)
    .describe(
      'local: for the router itself; answered: in the name of who is behind a tunnel; held: it waits for a neighbour or a fragment',
    ),
  outputs: z.array(
    z.strictObject({
      port: z.string(),
      hex: z.string().describe('What leaves, with partial checksums completed'),
      length: count,
      segmentSize: count.nullable().describe('Of a super-frame that the device is left to segment'),
      layers: z.array(layer),
      datagram: leaving.nullable().describe('The headers around a frame that leaves by a tunnel'),
    }),
  ),
  drops: z.array(drop),
  withheld: z.array(drop).describe('Tunnels that a flood did not go to: not counted as drops'),
})
answers.add(traceAnswer, { id: 'Trace' })

/** More in one request is work that holds the switch's control up. */
const FRAMES_MAX = 1000

const VID = 'expected a VLAN ID from 0 to 4095'
const PCP = 'expected a priority from 0 to 7'
const SEGMENT = 'expected octets of payload, 1 to 65535'

const flow = z.strictObject({
  words: z.array(z.string()).describe('As in ["tcp", "10.55.0.2:40000", "10.55.0.3:5432"]'),
  sourceMac: z.string().optional().describe("Left out: the port's own, if it is known"),
  destinationMac: z
    .string()
    .optional()
    .describe('Left out: that of the port with the address, or of the gateway'),
  vlan: z
    .int(VID)
    .min(0, VID)
    .max(4095, VID)
    .optional()
    .describe('A tag that the frame comes with'),
  priority: z.int(PCP).min(0, PCP).max(7, PCP).optional(),
  length: z.int().optional().describe('Octets of the frame'),
})

export const traceRequest = z
  .strictObject({
    port: z
      .string()
      .describe('A port, a tunnel, or a port of the underlay, to which frames are datagrams'),
    frames: z
      .array(z.string())
      .max(FRAMES_MAX)
      .optional()
      .describe('Octets in hexadecimal; each finds what the ones before it left'),
    flow: flow.optional(),
    segmentSize: z
      .int(SEGMENT)
      .min(1, SEGMENT)
      .max(0xffff, SEGMENT)
      .optional()
      .describe('TCP and UDP frames with more payload come as super-frames of such segments'),
  })
  .refine(({ frames, flow }) => (frames === undefined) !== (flow === undefined), {
    message: 'either "frames" or "flow"',
  })
requests.add(traceRequest, { id: 'TraceRequest' })

type Request = z.output<typeof traceRequest>

export const traceRoutes = [
  route({
    method: 'POST',
    path: '/v1/trace',
    operation: 'trace',
    summary: 'What would become of a frame: every decision, and the octets that would leave',
    description:
      'A dry run of the module on a copy of its memory: nothing is sent, learnt or counted.',
    body: traceRequest,
    answer: { status: 200, schema: z.array(traceAnswer), description: 'One answer a frame' },
    errors: [404],
    handle: ({ running }, { body }) => {
      const { port, segmentSize } = body
      const frames = framesOf(running, body)
      return traceFrames(running, port, frames, { segmentSize })
    },
  }),
]

function framesOf(
  running: RunningSwitch,
  { port, frames, flow, segmentSize }: Request,
): Uint8Array[] {
  if (flow === undefined) return (frames ?? []).map(parseHex)
  if (running.topology.port(port).underlay) {
    const message = `by ${port} come datagrams: give it the frames of them, or the flow to a tunnel`
    throw new LinkspanError('INVALID', message)
  }
  const { words, vlan, priority, length } = flow
  const parsed = parseFlow(words)
  const { sourceMac, destinationMac } = macsOf(running, port, {
    // Who asks for a MAC does not know it.
    ...(parsed.protocol !== 'arp' && { isRouted: true, destination: parsed.destination.address }),
    ...(vlan !== undefined && { vlan }),
    source: parsed.source.address,
    ...(flow.sourceMac !== undefined && { sourceMac: parseMac(flow.sourceMac) }),
    ...(flow.destinationMac !== undefined && { destinationMac: parseMac(flow.destinationMac) }),
  })
  if (priority !== undefined && vlan === undefined) {
    throw new LinkspanError('INVALID', 'flow.priority: a priority is that of a tag: say "vlan" too')
  }
  return [
    buildFrame(parsed, {
      ...(sourceMac && { sourceMac }),
      ...(destinationMac && { destinationMac }),
      ...(vlan !== undefined && {
        tags: [{ vid: vlan, ...(priority !== undefined && { priority }) }],
      }),
      ...(length !== undefined && { length }),
      // A SYN has no segments.
      ...(segmentSize !== undefined && { established: true }),
    }),
  ]
}
