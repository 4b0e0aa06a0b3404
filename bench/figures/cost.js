// What a gigabit costs: time of processors over what was carried.
import { format } from '../lib/format.js'
import { median } from '../lib/statistics.js'

/**
 * The figure of cost that samples of a TCP figure show (`measure` in tcp.js).
 *
 * @param {string} name of the figure of which it is
 * @param {string} title of that
 * @param {string} of ourselves
 * @param {string[]} beside who
 * @returns {import('../lib/figure.js').Reading}
 */
export const costReading = (name, title, of, beside) => ({
  name: `${name}-cost`,
  title: `${title}: processor time a gigabit`,
  unit: 's/Gbit',
  better: 'less',
  field: 'cost',
  method:
    'Seconds that the processors of the whole machine worked while the stream above went (user, nice, system, irq and softirq of /proc/stat), over the gigabits that were received: sender, receiver, kernel, whoever is measured, and whatever else the machine did. That is all of a path that lies in the kernel, which has no process to look at. What the processes of the contestant took of it (/proc/PID/stat, all threads) stands among what was seen beside: their own work, and the system calls that they made.',
  targets: beside.map((to) => ({ of, to })),
})

/** What the contestants' own processes took of it: medians. */
export function costRemarks(samples) {
  const parts = [...samples].flatMap(([name, list]) => {
    const costs = list.map(({ ownCost }) => ownCost).filter(Number.isFinite)
    return costs.length > 0 ? [`${name} ${format(median(costs))}`] : []
  })
  return parts.length > 0 ? [`s/Gbit of their own processes: ${parts.join(', ')}`] : []
}
