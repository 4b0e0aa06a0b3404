// npm run bench:profile: builds what is not built, then looks where time goes. See bench/README.md.
import { build } from './build.js'
import { isMain, main } from './lib/house.js'
import { setup } from './setup.js'

if (isMain(import.meta)) {
  await main(async () => {
    setup()
    await build()
    const { benchProfile } = await import('../bench/profile/main.js')
    return benchProfile(process.argv.slice(2))
  })
}
