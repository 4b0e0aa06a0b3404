/** Mirrors: what a port or all ports of a bridge receive and transmit, copied elsewhere. */
import * as z from 'zod'
import { checkFilePath, FILE_PATH } from './names.js'
import { name, quoted, text } from './values.js'

const MIRROR = 'a mapping with either "port" or "file", such as { port: sniffer }'
const DIRECTION = '"receive", "transmit" or "both"'

export const mirrorSchema = z
  .strictObject(
    {
      port: name('the name of a port')
        .optional()
        .describe('Where the copies leave; the port is taken out of switching'),
      file: text(quoted(FILE_PATH), checkFilePath)
        .optional()
        .describe('A pcapng file that the copies are written to'),
      direction: z
        .enum(['receive', 'transmit', 'both'], DIRECTION)
        .default('both')
        .describe('Receive is into the switch'),
    },
    MIRROR,
  )
  .superRefine(({ port, file }, ctx) => {
    if (port !== undefined && file !== undefined) {
      const message = 'no "file" beside "port": a mirror has one target'
      ctx.addIssue({ code: 'custom', path: ['file'], message })
    } else if (port === undefined && file === undefined) {
      ctx.addIssue({ code: 'custom', message: MIRROR })
    }
  })
