/** Which ports are taken out of switching, since mirrors send copies there. */
import type { Config } from './types.js'

/** The names of all ports that are the target of a mirror. */
export function mirrorTargets({ bridges, ports }: Config): Set<string> {
  const mirrors = [...Object.values(bridges), ...Object.values(ports)]
  return new Set(mirrors.flatMap(({ mirror }) => mirror?.port ?? []))
}
