/** Layers as those read them who print lines: by the names of their fields. */
import type { Layer } from '../dissect/layer.js'

export const numberOf = (layer: Layer, name: string): number => {
  const value = layer.fields[name]
  return typeof value === 'number' ? value : 0
}

export const textOf = (layer: Layer, name: string): string => {
  const value = layer.fields[name]
  return typeof value === 'string' ? value : ''
}

export const listOf = (layer: Layer, name: string): readonly string[] => {
  const value = layer.fields[name]
  return typeof value === 'object' ? value : []
}

/** Whether a header says something that is not so, or is not whole. */
export const isBroken = ({ fields }: Layer): boolean =>
  fields.truncated !== undefined || fields.problem !== undefined

/** Where the packet of an IP header ends by its own word: an offset in the frame. */
export function endOf(ip: Layer): number {
  if (ip.layer === 'ipv4') return ip.offset + numberOf(ip, 'totalLength')
  return ip.offset + 40 + numberOf(ip, 'payloadLength')
}
