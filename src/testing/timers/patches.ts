/** What of the program's surroundings is replaced, and put back. */

interface Patch {
  readonly target: object
  readonly name: PropertyKey
  readonly value: unknown
  /** Undefined: it was inherited, or not there. */
  readonly before: PropertyDescriptor | undefined
}

export class Patches {
  readonly #patches: Patch[] = []

  replace(target: object, name: PropertyKey, value: unknown): void {
    const before = Object.getOwnPropertyDescriptor(target, name)
    this.#patches.push({ target, name, value, before })
    const { enumerable = true } = before ?? {}
    Object.defineProperty(target, name, { value, enumerable, configurable: true, writable: true })
  }

  /** Puts back what was there. What somebody else has replaced since is theirs. */
  restore(): void {
    for (const { target, name, value, before } of this.#patches.splice(0).reverse()) {
      if (Reflect.get(target, name) !== value) continue
      if (before) Object.defineProperty(target, name, before)
      else Reflect.deleteProperty(target, name)
    }
  }
}
