/**
 * Sorts the `count` u32 numbers at `list` by the keys of what they number: a key of `words` (1 or 2) u64,
 * the upper first, lies at `keys` and every `stride` octets behind; where keys are alike the lower number
 * comes first. Shell's method: no recursion, no space, and quick enough for some ten thousand.
 */
export function sort(list: usize, count: u32, keys: usize, stride: usize, words: u32): void {
  for (let gap = count >> 1; gap > 0; gap >>= 1) {
    for (let index = gap; index < count; index++) {
      const number = load<u32>(list + ((<usize>index) << 2))
      let at = index
      while (at >= gap) {
        const other = load<u32>(list + ((<usize>(at - gap)) << 2))
        if (!isBefore(number, other, keys, stride, words)) break
        store<u32>(list + ((<usize>at) << 2), other)
        at -= gap
      }
      store<u32>(list + ((<usize>at) << 2), number)
    }
  }
}

@inline
function isBefore(one: u32, other: u32, keys: usize, stride: usize, words: u32): bool {
  const a = keys + <usize>one * stride
  const b = keys + <usize>other * stride
  if (load<u64>(a) != load<u64>(b)) return load<u64>(a) < load<u64>(b)
  if (words == 2 && load<u64>(a, 8) != load<u64>(b, 8)) return load<u64>(a, 8) < load<u64>(b, 8)
  return one < other
}
