/**
 * Which of linear memory is in use: most of it are tables with little in them. Whoever copies a memory copies
 * what is not zero, and finding that takes longer than copying it: 64 octets at once are looked at here.
 */

@inline
function isUsed(at: usize): bool {
  const near = v128.or(v128.load(at), v128.load(at, 16))
  return v128.any_true(v128.or(near, v128.or(v128.load(at, 32), v128.load(at, 48))))
}

/**
 * Where the first line at `at` or behind it begins that is not all zeros, or with `used` 0 the first that is; `end`
 * if there is none. Both are multiples of 64, and there are no lines in between that are half of something else.
 */
export function nextLine(at: usize, end: usize, used: bool): usize {
  while (at < end && isUsed(at) != used) at += 64
  return at
}
