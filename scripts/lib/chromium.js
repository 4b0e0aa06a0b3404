// The browser that tests run in: Chromium or Chrome, whichever is there.
import { findCommand } from './commands.js'

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']

/** Its program: `CHROME_BIN`, or what is found on the system; else undefined. */
export const chromium = (path) =>
  process.env.CHROME_BIN || names.map((name) => findCommand(name, path)).find(Boolean)

/** How playwright starts it. Where none is on the system it takes what `playwright install` brought. */
export function launchOptions() {
  const executablePath = chromium()
  return executablePath ? { executablePath } : {}
}
