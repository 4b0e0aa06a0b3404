/** A drawing of a lab: what is joined to what, and what its links do to frames. */
import { describe, oneOf } from '../../config/describe.js'
import { InvalidError } from '../../error.js'
import { checkOptions } from '../check-options.js'
import type { LabView } from '../view.js'
import { mermaidOf } from './mermaid.js'
import { svgOf } from './svg.js'
import { topologyOf } from './topology.js'

const FORMATS = { mermaid: mermaidOf, svg: svgOf }

export interface DiagramOptions {
  /** Text of a Mermaid flowchart, or an SVG document; 'mermaid' if left out. */
  format?: keyof typeof FORMATS
}

/** @throws LinkspanError code `INVALID` */
export function diagram(view: LabView, options: DiagramOptions = {}): string {
  checkOptions(options, ['format'], 'lab.diagram')
  const { format = 'mermaid' } = options
  if (!Object.hasOwn(FORMATS, format)) {
    throw new InvalidError(`format ${describe(format)}`, oneOf(Object.keys(FORMATS)))
  }
  return FORMATS[format](topologyOf(view))
}
