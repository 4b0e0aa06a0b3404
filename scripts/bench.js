// npm run bench: builds what is not built, then measures. See bench/README.md.
import { build } from './build.js'
import { isMain, main } from './lib/house.js'
import { ensureTools, setup } from './setup.js'

/** Builds, and installs what is measured beside Linkspan; figures that need what cannot be had are left out. */
async function prepare() {
  const { benchTools } = await import('../bench/lib/tools.js')
  const tools = benchTools()
  const missing = process.platform === 'linux' ? ensureTools(tools, { optional: true }) : tools
  await build()
  return missing
}

if (isMain(import.meta)) {
  await main(async () => {
    setup()
    const { bench } = await import('../bench/main.js')
    return bench(process.argv.slice(2), prepare)
  })
}
