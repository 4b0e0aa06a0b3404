/**
 * `linkspan demo`: builds a lab of four hosts, runs a switch in it, shows it at work, cleans up.
 * Where the system does not allow that, the in-process network is shown instead, and why.
 */
import { Interrupted, interruptible } from './demo-interrupt.js'
import { Lab } from './demo-lab.js'
import { localDemo } from './demo-local.js'
import { nextSteps } from './demo-next.js'
import { findPlace, runInside } from './demo-place.js'
import { Screen } from './demo-screen.js'
import { Refused, tellStory } from './demo-story.js'
import { version } from './version.js'

export async function demo(): Promise<void> {
  const place = findPlace()
  if (place.kind === 'inside') {
    process.exitCode = await runInside()
    return
  }
  const screen = new Screen()
  screen.line(`Linkspan ${version}: a userspace switch; its packet path is one WebAssembly module.`)
  try {
    await interruptible(async (stop) => {
      if (place.kind === 'nowhere') await localDemo(screen, place.why)
      else await labDemo(screen, stop)
    })
  } catch (error) {
    screen.settle()
    if (!(error instanceof Interrupted)) throw error
    process.exitCode = error.status
    if (error.what !== 'SIGPIPE') screen.line(`Stopped by ${error.what}; all is cleaned up.`)
  }
}

async function labDemo(screen: Screen, stop: AbortController): Promise<void> {
  try {
    await inLab(screen, stop)
  } catch (error) {
    if (!(error instanceof Refused)) throw error
    return localDemo(screen, error.message)
  }
  screen.line('the namespaces, the interfaces in them and the switch are gone again')
  screen.heading('Next')
  screen.line(nextSteps())
}

async function inLab(screen: Screen, stop: AbortController): Promise<void> {
  const lab = new Lab(stop.signal)
  try {
    await tellStory(lab, screen, stop)
  } finally {
    await lab.close()
  }
}
