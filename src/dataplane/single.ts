/** The `single` build, inlined: bundlers break look-ups of files beside a module. */
import { decodeBase64 } from './base64.js'
import { single } from './generated/single.js'

let compiled: Promise<WebAssembly.Module> | undefined

/** The module, compiled once. */
export function singleModule(): Promise<WebAssembly.Module> {
  compiled ??= WebAssembly.compile(decodeBase64(single))
  return compiled
}
