// Ctrl-C: the measurement that runs is given up, what was measured before is reported.

/** Why an AbortSignal of the bench was aborted. */
export class Interrupted extends Error {
  constructor() {
    super('interrupted')
  }
}

/**
 * The first SIGINT, SIGTERM or SIGHUP aborts the signal; the second ends the process where it stands.
 *
 * @returns {{signal: AbortSignal, done: () => void}}
 */
export function onInterrupt(say) {
  const controller = new AbortController()
  const stop = () => {
    if (controller.signal.aborted) process.exit(130)
    say('interrupted: cleaning up and reporting what was measured')
    controller.abort(new Interrupted())
  }
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP']
  for (const name of signals) process.on(name, stop)
  const done = () => {
    for (const name of signals) process.off(name, stop)
  }
  return { signal: controller.signal, done }
}
