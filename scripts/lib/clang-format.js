// clang-format over the C of native/ and bench/reference/, by the rules of .clang-format.
import { filesBelow } from './files.js'
import { at } from './house.js'
import { run } from './run.js'

const isC = (name) => /\.[ch]$/.test(name) && !/^(build|prebuilds)\//.test(name)
const sources = () => [...filesBelow(at('native'), isC), ...filesBelow(at('bench/reference'), isC)]

/** @returns {Promise<{ok: boolean, output: string}>} not ok when a file is not formatted and not mended */
export async function clangFormat({ write }) {
  const files = sources()
  if (files.length === 0) return { ok: true, output: '' }
  const script = at('node_modules/clang-format-node/build/cli.js')
  const how = write ? ['-i'] : ['--dry-run', '-Werror']
  const { status, output } = await run(process.execPath, [script, ...how, ...files])
  return { ok: status === 0, output }
}
