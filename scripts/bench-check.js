// npm run bench:check: builds what is not built, then compares with another commit. See bench/README.md.
import { build } from './build.js'
import { isMain, main } from './lib/house.js'
import { ensureTools, setup } from './setup.js'

if (isMain(import.meta)) {
  await main(async () => {
    setup()
    if (process.platform === 'linux') ensureTools(['cc', 'git', 'tar'])
    await build()
    const { benchCheck } = await import('../bench/check/main.js')
    return benchCheck(process.argv.slice(2))
  })
}
