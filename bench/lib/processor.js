// Time of processors, as Linux counts it: of the whole machine, and of processes.
import { readFileSync } from 'node:fs'

/** Ticks a second of /proc (sysconf(_SC_CLK_TCK)): 100 on every architecture of Linux. */
const TICKS = 100

/**
 * How long the processors of the machine have worked, together, since it started: for programs, the
 * kernel and interrupts. Idle, waiting for a disk and taken by a hypervisor (steal) is no work; that of
 * guests is in `user` already (proc(5)).
 *
 * @param {string} text of /proc/stat
 * @returns {number} seconds
 */
export function machineTime(text) {
  const [, ...fields] = text.split('\n', 1)[0].trim().split(/\s+/)
  const [user, nice, system, , , irq, softirq] = fields.map(Number)
  return (user + nice + system + irq + softirq) / TICKS
}

/**
 * How long a process has kept processors busy, its threads together, those that ended too.
 *
 * @param {string} text of /proc/PID/stat; its name, in parentheses, may hold anything
 * @returns {number} seconds
 */
export function processTime(text) {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / TICKS
}

const read = (path) => readFileSync(path, 'utf8')

/** What a process has kept processors busy for until now, seconds. */
export const processTimeOf = (pid) => processTime(read(`/proc/${pid}/stat`))

/** NaN once it has gone: why is said by what it was asked for. */
function timeIfThere(pid) {
  try {
    return processTimeOf(pid)
  } catch {
    return Number.NaN
  }
}

const now = (pids) => ({
  machine: machineTime(read('/proc/stat')),
  own: pids.reduce((sum, pid) => sum + timeIfThere(pid), 0),
})

/**
 * Does something, and looks what it took of processors.
 *
 * @template T
 * @param {number[]} pids whose time is looked at apart
 * @param {() => Promise<T>} action
 * @returns {Promise<{result: T, machine: number, own: number}>} seconds; `machine` is all that worked
 *   meanwhile, the processes and the kernel too, whatever they did; `own` is NaN when one of the processes ended
 */
export async function metered(pids, action) {
  const before = now(pids)
  const result = await action()
  const after = now(pids)
  return { result, machine: after.machine - before.machine, own: after.own - before.own }
}

/** Octets of a page, on x86-64 and as arm64 mostly has it. */
const PAGE = 4096

/** Octets of memory in which a process lies, shared ones too. */
export const residentOf = (pid) => Number(read(`/proc/${pid}/statm`).split(' ')[1]) * PAGE
