/**
 * The way into a forwarding worker's thread: CommonJS, since piscina asks `require` for a thread's file
 * first. Node (20.20 at least) aborts where a process ends while a thread's `require` links an ES module
 * (`CreateRequiredModuleFacade`), as a command does that fails early; about one such end in 400 was
 * hit, and none of 3,600 with `import()`.
 */
import type { WorkerTask } from './main.js'

// At once: main.ts warms up before there is a task.
const loaded = import('./main.js')

export default async function run(task: WorkerTask): Promise<void> {
  return (await loaded).default(task)
}
