/** SIGHUP: the file that the switch was started with is applied again. */
import type { Logger } from 'pino'
import type { RunningSwitch } from '../control/running.js'
import { readConfig } from './config-file.js'

/** What a SIGHUP does; before the switch runs it does nothing, not even end the process. */
export class Reload {
  #now: () => void = () => {}

  constructor() {
    process.on('SIGHUP', () => this.#now())
  }

  /** @param file as given to `up`; absent: the default one */
  serve(running: RunningSwitch, file: string | undefined, log: Logger): void {
    this.#now = () => void reload(running, file, log)
  }
}

async function reload(
  running: RunningSwitch,
  file: string | undefined,
  log: Logger,
): Promise<void> {
  if (file === '-') {
    log.warn('SIGHUP: the config came from standard input, so there is no file to apply')
    return
  }
  try {
    await running.apply(readConfig(file))
  } catch (error) {
    log.error({ error: (error as Error).message }, 'SIGHUP: nothing was applied')
  }
}
