/** The `shared` build, for workers. */
import { decodeBase64 } from './base64.js'
import { shared } from './generated/shared.js'

let compiled: Promise<WebAssembly.Module> | undefined

/** The module, compiled once. */
export function sharedModule(): Promise<WebAssembly.Module> {
  compiled ??= WebAssembly.compile(decodeBase64(shared))
  return compiled
}
