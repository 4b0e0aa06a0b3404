/** What a matcher returns: vitest's, jest's and anybody's. */
export interface MatcherResult {
  readonly pass: boolean
  /** Why not, or, where it passes, why `not` does not. */
  readonly message: () => string
}

/** Lists in messages are cut. */
const SHOWN = 5

/** Some of many, a blank line between what has several lines, and how many more. */
export function someOf(all: readonly string[], between = '\n', most = SHOWN): string {
  const more = all.length - most
  const shown = all.slice(0, most).join(between)
  return more > 0 ? `${shown}${between}… and ${more} more` : shown
}
