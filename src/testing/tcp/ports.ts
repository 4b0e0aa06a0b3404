/** Ports that are chosen for who does not name one (RFC 6335 6, RFC 6056 3.3.1). */

const FIRST = 49_152
const COUNT = 16_384

export const isPort = (port: number): boolean =>
  Number.isInteger(port) && port >= 1 && port <= 65_535

/** @param random u32: where the search begins @returns undefined where none is free */
export function ephemeralPort(
  random: number,
  isFree: (port: number) => boolean,
): number | undefined {
  for (let tried = 0; tried < COUNT; tried++) {
    const port = FIRST + ((random + tried) % COUNT)
    if (isFree(port)) return port
  }
  return undefined
}
