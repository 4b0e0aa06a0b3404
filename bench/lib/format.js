/** A number for people: three significant digits, or all of a large number's integer part. */
export function format(value) {
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en')
  return String(Number(value.toPrecision(3)))
}

/** How many of something: "1 flow", "1,000 flows". */
export const howMany = (count, what) =>
  `${count.toLocaleString('en')} ${what}${count === 1 ? '' : 's'}`
