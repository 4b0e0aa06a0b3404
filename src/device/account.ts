/** Users and groups by name, as `ip tuntap` takes them. */
import { readFileSync } from 'node:fs'
import { InvalidError } from '../error.js'

/** @returns the uid; a number is taken as it is */
export function userId(user: string | number): number {
  return lookUp(user, '/etc/passwd', 'user')
}

/** @returns the gid */
export function groupId(group: string | number): number {
  return lookUp(group, '/etc/group', 'group')
}

/** passwd(5) and group(5) agree: the name first, the number third. */
function lookUp(who: string | number, file: string, kind: string): number {
  if (typeof who === 'number') return who
  if (/^\d+$/.test(who)) return Number(who)
  const lines = readFileSync(file, 'utf8').split('\n')
  const id = lines.map((line) => line.split(':')).find(([name]) => name === who)?.[2]
  if (id === undefined)
    throw new InvalidError(JSON.stringify(who), `a ${kind} of ${file}, or its number`)
  return Number(id)
}
