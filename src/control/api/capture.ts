/** Frames of the switch as a capture file that goes on until the client leaves. */
import * as z from 'zod'
import { LinkspanError } from '../../error.js'
import { parseFilter } from '../../packet/filter.js'
import { Capture } from '../capture.js'
import { type OctetTarget, octets, requests, route } from './route.js'

export const captureRequest = z.strictObject({
  port: z.string().optional().describe('Of this port only'),
  mac: z.string().optional().describe('From or to this MAC'),
  etherType: z.string().optional().describe('As in "0x0800" or "arp"'),
  address: z.string().optional().describe('From or to this address or prefix, ARP too'),
  vlan: z.string().optional().describe('Of this VLAN'),
  direction: z.string().optional().describe('receive (into the switch), transmit or both'),
  dropped: z.boolean().optional().describe('Only what is dropped on its way in'),
  snapLength: z.int().min(14).max(262_144).optional().describe('Most octets of a frame'),
  count: z.int().min(1).optional().describe('Frames after which it ends'),
})
requests.add(captureRequest, { id: 'CaptureRequest' })

const NO_WAY_OUT =
  'filter: dropped: frames are captured that are dropped on their way in: leave out direction "transmit"'

export const captureRoutes = [
  route({
    method: 'POST',
    path: '/v1/capture',
    operation: 'capture',
    summary: 'Frames as they come and go, as pcapng',
    description:
      'Goes on until the client leaves. Interfaces have the names of ports, a dropped frame has the ' +
      'reason as its comment. What a client is too slow for is lost, and counted in the file.',
    body: captureRequest,
    answer: {
      status: 200,
      contentType: 'application/x-pcapng',
      description: 'A capture file',
    },
    errors: [404, 409],
    handle: ({ running }, { body }) => {
      const { dropped, snapLength, count, ...words } = body
      const filter = { ...parseFilter(words), dropped, snapLength, count }
      // Before the answer begins: what is wrong with the request is to be an error, not a file.
      if (dropped && filter.direction === 'transmit') throw new LinkspanError('INVALID', NO_WAY_OUT)
      if (filter.port !== undefined) running.topology.port(filter.port)
      const capture = new Capture(running, filter)
      return octets((target: OctetTarget) => {
        capture.begin(target)
        return () => capture.close()
      })
    },
  }),
]
