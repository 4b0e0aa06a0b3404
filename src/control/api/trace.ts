/** What the switch would do with a frame. */
import * as z from 'zod'
import { parseMac } from '../../config/address.js'
import { LinkspanError } from '../../error.js'
import { VERDICTS } from '../../inspect/explain.js'
import { STAGES } from '../../inspect/stages.js'
import { traceFrames } from '../../inspect/trace.js'
import { buildFrame } from '../../packet/build.js'
import { parseFlow } from '../../packet/flow.js'
import { parseHex } from '../../packet/hex.js'
import { type FlowMacs, macsOf } from './flow-macs.js'
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

export const traceAnswer = z.strictObject({
  port: z.string(),
  bridge: z.string(),
  vlan: z.number().nullable(),
  layers: z.array(layer).describe('The frame as it came in, header by header'),
  steps: z.array(
    z.strictObject({
      stage: z.enum(STAGES),
      text: z.string(),
    }),
  ),
  verdict: z
    .enum(VERDICTS)
    .describe('local: for the router itself; held: it waits for a neighbour or a fragment'),
  outputs: z.array(
    z.strictObject({
      port: z.string(),
      hex: z.string().describe('What leaves, with partial checksums completed'),
      length: count,
      segmentSize: count.nullable().describe('Of a super-frame that the device is left to segment'),
      layers: z.array(layer),
    }),
  ),
  drops: z.array(z.strictObject({ port: z.string(), reason: z.string(), text: z.string() })),
})
answers.add(traceAnswer, { id: 'Trace' })

/** More in one request is work that holds the switch's control up. */
const FRAMES_MAX = 1000

const VID = 'expected a VLAN ID from 0 to 4095'
const PCP = 'expected a priority from 0 to 7'

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
    port: z.string(),
    frames: z
      .array(z.string())
      .max(FRAMES_MAX)
      .optional()
      .describe('Octets in hexadecimal; each finds what the ones before it left'),
    flow: flow.optional(),
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
      const frames = framesOf(body, (flow) => macsOf(running, body.port, flow))
      return traceFrames(running, body.port, frames)
    },
  }),
]

function framesOf({ frames, flow }: Request, macsFor: (flow: FlowMacs) => FlowMacs): Uint8Array[] {
  if (flow === undefined) return (frames ?? []).map(parseHex)
  const { words, vlan, priority, length } = flow
  const parsed = parseFlow(words)
  const { sourceMac, destinationMac } = macsFor({
    ...(parsed.protocol !== 'arp' && { isRouted: true }),
    ...(vlan !== undefined && { vlan }),
    destination: parsed.destination.address,
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
    }),
  ]
}
