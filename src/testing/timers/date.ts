/** `Date` whose present is the lab's. */

/** @param now milliseconds since 1970 */
export function fakeDate(before: DateConstructor, now: () => number): DateConstructor {
  function FakeDate(...given: unknown[]): Date | string {
    if (new.target === undefined) return new before(now()).toString()
    const made = new.target === (FakeDate as unknown) ? before : new.target
    return Reflect.construct(before, given.length === 0 ? [now()] : given, made)
  }
  Object.setPrototypeOf(FakeDate, before)
  FakeDate.prototype = before.prototype
  Object.defineProperty(FakeDate, 'name', { value: 'Date' })
  Object.defineProperty(FakeDate, 'length', { value: before.length })
  // As @sinonjs/fake-timers marks its own: it refuses to fake what is faked.
  return Object.assign(FakeDate, { now, isFake: true }) as unknown as DateConstructor
}
