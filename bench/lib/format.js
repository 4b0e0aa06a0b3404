/** A number for people: three significant digits, or all of a large number's integer part. */
export function format(value) {
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en')
  return String(Number(value.toPrecision(3)))
}
