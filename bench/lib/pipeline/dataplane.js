// The rooms of src/ that the in-memory figures drive (rooms.ts), loaded once.
import { loadRooms } from '../place.js'

let loaded

/** The module namespace of rooms.ts. */
export function dataplane() {
  loaded ??= loadRooms()
  return loaded
}

/** Has all figures that are set up from now on use a module instead of the shared build. */
export async function replaceModule(module) {
  const rooms = await dataplane()
  loaded = Promise.resolve({ ...rooms, sharedModule: async () => module })
}
