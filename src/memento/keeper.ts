/** What is told of state, once for a copy of it and once for a hash. */

/** Something that has state. */
export interface Kept {
  /** Tells all that changes in it, and has its parts do the same. */
  keep(keeper: Keeper): void
}

export interface Keeper {
  /**
   * Values that are replaced, and are never written to: numbers, texts, octets, and objects that have no state
   * or whose state is told by themselves. What is plain counts in a hash; of what is of a class only whether it
   * is there.
   *
   * @param put is given them to put them back
   */
  values<T extends readonly unknown[]>(values: readonly [...T], put: (...values: T) => void): void

  /** The same of what equal runs need not share: who looks on, what a program holds. It does not count in a hash. */
  handles<T extends readonly unknown[]>(values: readonly [...T], put: (...values: T) => void): void

  /** A table, a set or a list that is written to. @param each tells the state of an element; left out: as a value */
  map<K, V>(map: Map<K, V>, each?: (value: V) => void): void
  set<V>(set: Set<V>, each?: (value: V) => void): void
  list<V>(list: V[], each?: (value: V) => void): void

  /** The fields of a plain object that is written to, and octets that are. */
  record(object: object): void
  octets(octets: Uint8Array | Uint32Array | Float64Array): void

  /** Something that has state of its own, once however often it is told. */
  part(part: Kept | undefined): void

  /** What is none of that. */
  other(state: OtherState): void

  /** Is run before anything is put back, in the order of telling; a hash has no need of it. */
  before(run: () => void): void
  /** Is run when all is put back. */
  after(run: () => void): void
}

export interface OtherState {
  /** Copies it, and returns what puts it back. */
  save(): () => void
  /** Numbers and texts that are the same where it is. */
  hash(): readonly (number | string)[]
}
