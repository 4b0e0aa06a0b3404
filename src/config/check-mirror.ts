/** What must hold for mirrors to ports. Those to files are in check-clash.ts. */
import { checkName, type Names } from './check-name.js'
import { quote } from './describe.js'
import type { Issues, Path } from './issues.js'
import type { Config, Mirror, Port } from './types.js'

export function checkMirrors(config: Config, names: Names, issues: Issues): void {
  for (const [name, { mirror }] of Object.entries(config.bridges)) {
    checkTarget(['bridges', name, 'mirror', 'port'], mirror, config, names, issues)
  }
  for (const name in config.ports) {
    const { mirror, bridge } = config.ports[name] as Port
    if (mirror?.port === undefined) continue
    const path = ['ports', name, 'mirror', 'port']
    if (mirror.port === name) {
      issues.add(path, quote(name), 'another port: a port cannot be its own mirror')
      continue
    }
    checkTarget(path, mirror, config, names, issues)
    const all = Object.hasOwn(config.bridges, bridge) ? config.bridges[bridge]?.mirror : undefined
    if (mirror.port !== all?.port || !overlap(mirror, all)) continue
    const expected = `another port: the mirror of bridge ${quote(bridge)} copies the same frames there`
    issues.add(path, quote(mirror.port), expected)
  }
}

function overlap(a: Mirror, b: Mirror): boolean {
  return a.direction === b.direction || a.direction === 'both' || b.direction === 'both'
}

function checkTarget(
  path: Path,
  mirror: Mirror | undefined,
  { ports }: Config,
  names: Names,
  issues: Issues,
): void {
  const target = mirror?.port
  if (target === undefined) return
  if (!checkName(path, target, names.ports, 'port', issues)) return
  const mirrored = Object.hasOwn(ports, target) && ports[target]?.mirror !== undefined
  if (!mirrored) return
  issues.add(path, quote(target), 'a port that is not mirrored itself: this one has a "mirror"')
}
