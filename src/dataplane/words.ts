/** Addresses as the dataplane's exports take them. */
import type { Address } from '../config/address.js'
import type { Words } from './abi.js'

export function wordsOf({ bytes }: Pick<Address, 'bytes'>): Words {
  const all = new Uint8Array(16)
  all.set(bytes)
  const view = new DataView(all.buffer)
  const word = (index: number) => view.getUint32(index * 4, true)
  return [word(0), word(1), word(2), word(3)]
}
