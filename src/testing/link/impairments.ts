/** What a direction of a link does to frames, as the link sees it; `faults/` has what there is. */

/** When copies of a frame come out, and which bit of each is turned over; none: it is lost. */
export interface Verdict {
  readonly deliveries: readonly { readonly at: number; readonly corrupt?: number | undefined }[]
  readonly dropped?: 'loss' | 'queue' | 'mtu' | 'down'
}

/** One direction of a link. Pure and seeded: the same calls give the same answers everywhere. */
export interface Impairments<Settings> {
  /** A frame of `octets` enters at `now`. */
  pass(now: number, octets: number): Verdict
  /** At any time; what is under way stays under way. */
  change(settings: Partial<Settings>): void
}
