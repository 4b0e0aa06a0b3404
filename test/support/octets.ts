/** Octets compared without a matcher, which takes a second where they are many. */

/** Whether two are the same, octet by octet. */
export function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((octet, index) => octet === other[index])
}
