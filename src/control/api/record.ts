/** Recordings of the switch, for `linkspan replay`. */
import * as z from 'zod'
import { type OctetTarget, octets, requests, route } from './route.js'

const recordRequest = z.strictObject({
  duration: z.number().positive().optional().describe('Milliseconds after which it ends'),
})
requests.add(recordRequest, { id: 'RecordRequest' })

export const recordRoutes = [
  route({
    method: 'POST',
    path: '/v1/record',
    operation: 'record',
    summary: 'All frames and calls from now on, to be replayed',
    description:
      'Begins with the memory of the packet path. Goes on until it is ended, or the client leaves or is ' +
      'too slow; the last chunk says which. One at a time.',
    body: recordRequest,
    answer: {
      status: 200,
      contentType: 'application/x-linkspan-recording',
      description: 'A recording, as in docs/recording.md, not compressed',
    },
    errors: [409],
    handle: async ({ running }, { body: { duration } }) => {
      const recording = await running.record()
      return octets((target: OctetTarget) => {
        const timer =
          duration === undefined ? undefined : setTimeout(() => recording.stop(), duration)
        void recording.read(target).finally(() => clearTimeout(timer))
        return () => recording.stop()
      })
    },
  }),
  route({
    method: 'DELETE',
    path: '/v1/record',
    operation: 'endRecording',
    summary: 'End the recording: its reader gets what there is, and the end',
    answer: { status: 204, description: 'It is ended' },
    errors: [404],
    handle: ({ running }) => running.recordings.stop(),
  }),
]
