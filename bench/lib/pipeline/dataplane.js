// The rooms of src/ that the in-memory figures drive (rooms.ts), loaded once.
import { loadRooms } from '../place.js'

let loaded

/** The module namespace of rooms.ts. */
export function dataplane() {
  loaded ??= loadRooms()
  return loaded
}
