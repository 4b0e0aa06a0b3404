/** Tracked connections for people. */
import type { FlowView } from '../control/api/flows.js'
import { table } from './table.js'

type Tuple = FlowView['original']

export function flowsTable(flows: FlowView[]): string {
  const rows = flows.map(({ protocol, state, original, reply, nat, expires, frames, bytes }) => [
    protocol,
    state,
    tupleText(original),
    tupleText(reply),
    nat.join(',') || '-',
    `${Math.round(expires / 1000)}s`,
    frames,
    bytes,
  ])
  const headings = ['PROTOCOL', 'STATE', 'ORIGINAL', 'REPLY', 'NAT', 'EXPIRES']
  return table([...headings, 'FRAMES', 'BYTES'], rows)
}

function tupleText({ source, sourcePort, destination, destinationPort }: Tuple): string {
  return `${endText(source, sourcePort)} > ${endText(destination, destinationPort)}`
}

function endText(address: string, port: number): string {
  if (port === 0) return address
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
}
