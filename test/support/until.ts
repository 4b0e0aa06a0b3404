/** Waiting for what others do, for a bounded time that says nothing about speed. */

/** How long anything may take before a test gives up on it. */
export const PATIENCE = 15_000

/** Asks again and again until the answer is something; an error that names it if it never is. */
export async function until<T>(
  what: string,
  ask: () => T | Promise<T>,
  patience = PATIENCE,
): Promise<NonNullable<T>> {
  const end = performance.now() + patience
  for (;;) {
    const answer = await ask()
    if (answer) return answer
    if (performance.now() > end) throw new Error(`waited ${patience / 1000} s in vain: ${what}`)
    await new Promise((done) => setTimeout(done, 10))
  }
}
