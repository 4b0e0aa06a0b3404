/** What handlers return, whichever realm they are of: a test runner's, a frame's, a vm's. */

/** Has `tell` told what it is rejected with, where it is a promise. */
export function onRejection(returned: unknown, tell: (error: unknown) => void): void {
  const then = (returned as PromiseLike<unknown> | null | undefined)?.then
  if (typeof then === 'function') Promise.resolve(returned).catch(tell)
}
