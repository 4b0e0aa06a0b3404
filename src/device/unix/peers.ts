/** Where the other ends of a connection come from, one at a time. */
export interface Peers {
  /** The first one, if it must be there for the device to be. */
  first(): number | undefined
  /** Looks for the next one from now on; hands its descriptor over and looks no further. */
  seek(found: (fd: number) => void): void
  /** Asked ten times a second while seeking. */
  look(): void
  /** Looks no further. Again is harmless. */
  stop(): void
  /** Again is harmless. */
  close(): void
}
