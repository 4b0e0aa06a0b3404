// Formatting, lint rules and the direction of imports. npm run format mends what can be mended.
import { format } from './format.js'
import { isMain, main, report } from './lib/house.js'
import { setup } from './setup.js'

/** @returns {Promise<boolean>} whether nothing was found; what was found is printed */
export async function lint() {
  const formatted = await format({ write: false, lint: true })
  if (!formatted) console.error('lint: `npm run format` mends formatting and the order of imports.')
  return (await importsAreRight()) && formatted
}

async function importsAreRight() {
  try {
    const { checkImports } = await import('./check-imports.js')
    checkImports()
    return true
  } catch (error) {
    report(error)
    return false
  }
}

if (isMain(import.meta)) {
  await main(async () => {
    setup()
    return (await lint()) ? 0 : 1
  })
}
