// The lab's time follows the screen's, slower or faster.

/** Milliseconds of the screen: after a pause, as of a tab that was hidden, no more is caught up with. */
const STEP_MAX = 50

/**
 * @param step what is done after each step, with the screen's time
 * @returns what ends it, once the step that is under way is done
 */
export function follow(lab, speed, step) {
  let last = performance.now()
  let stopped = false
  async function turn(screen) {
    if (stopped) return
    const passed = Math.min(Math.max(screen - last, 0), STEP_MAX)
    last = screen
    if (speed() > 0) await lab.advance(passed * speed())
    if (stopped) return
    step(screen)
    requestAnimationFrame(next)
  }
  let running = Promise.resolve()
  const next = (screen) => {
    running = turn(screen)
  }
  requestAnimationFrame(next)
  return () => {
    stopped = true
    return running
  }
}
