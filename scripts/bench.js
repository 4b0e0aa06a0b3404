// npm run bench: builds what is not built, then measures. See bench/README.md.
import { build } from './build.js'
import { isMain, main } from './lib/house.js'
import { ensureTools, setup } from './setup.js'

/** Figures that need one that is not here, and cannot be had, are left out. */
const benchTools = [
  ...['cc', 'ip', 'iperf3', 'ping'],
  ...['ovs-vsctl', 'ovs-vswitchd', 'vde_switch', 'edge', 'supernode'],
]

if (isMain(import.meta)) {
  await main(async () => {
    setup()
    const missing =
      process.platform === 'linux' ? ensureTools(benchTools, { optional: true }) : benchTools
    await build()
    const { bench } = await import('../bench/main.js')
    return bench(process.argv.slice(2), missing)
  })
}
