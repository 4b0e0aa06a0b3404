// Formats src, test, scripts, bench and assembly (Biome) and the C (clang-format).
// npm run format writes; without --write it only says what is not formatted.
import { HouseError, isMain, main } from './lib/house.js'
import { setup } from './setup.js'

/** @returns {Promise<boolean>} whether all is formatted, by now or by `write` */
export async function format({ write, lint = false }) {
  const [{ biome }, { clangFormat }] = await Promise.all([
    import('./lib/biome.js'),
    import('./lib/clang-format.js'),
  ])
  const results = [...(await biome({ write, lint })), await clangFormat({ write })]
  for (const { ok, output } of results) if (!ok) console.error(output.trimEnd())
  return results.every(({ ok }) => ok)
}

if (isMain(import.meta)) {
  await main(async () => {
    const [flag, ...rest] = process.argv.slice(2)
    if (rest.length > 0 || (flag && flag !== '--write')) {
      throw new HouseError('format: expected --write or nothing')
    }
    setup()
    return (await format({ write: flag === '--write' })) ? 0 : 1
  })
}
