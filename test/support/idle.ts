/** Whether a process sits still. */
import { readFileSync } from 'node:fs'

/** CPU time of a process and its threads, user and system, ms (proc(5): fields 14 and 15, 1/100 s). */
export function cpuTime(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10
}

/** CPU time that a process takes in a second, ms. A busy loop takes all it can get. */
export async function cpuPerSecond(pid: number): Promise<number> {
  const before = cpuTime(pid)
  await new Promise((done) => setTimeout(done, 1000))
  return cpuTime(pid) - before
}

/**
 * What timers, the second look at namespaces and a little garbage collection may take, on a machine whose
 * processors others share too; a thread that spins takes half as much again at the least.
 */
export const IDLE = 300
