/**
 * What other hosts say of an overlay: which VTEPs take part in a VNI, which endpoints are behind them.
 * FDB and neighbour entries are programmed from it. Where it comes from (a program, a cluster's store)
 * is behind this interface.
 */

/** A VTEP that takes part in a VNI; known by both. */
export interface DirectoryPeer {
  readonly vni: number
  /** An address in canonical text. */
  readonly vtep: string
  /** The switch that has it, if that is known: two that claim one address are told apart by it. */
  readonly host?: string | undefined
}

/** A station of a VNI; known by VNI and MAC. */
export interface DirectoryEndpoint {
  readonly vni: number
  /** Canonical text. */
  readonly mac: string
  /** IPv4 and IPv6, in canonical text, in order, each once; none where they are not known. */
  readonly addresses: readonly string[]
  /** The VTEP that it is behind, in canonical text. */
  readonly vtep: string
}

/** How sure it is. */
export interface Marks {
  /** Who says so. */
  readonly source: string
  /** Who said so was lost: it may be true still, and is forgotten after a time. */
  readonly stale: boolean
  /** Another source says otherwise; the one that spoke last counts. */
  readonly contested: boolean
}

export type KnownPeer = DirectoryPeer & Marks
export type KnownEndpoint = DirectoryEndpoint & Marks

/** `from` and `to` are of the same peer or endpoint, and differ. */
export type DirectoryChange<T> =
  | { readonly op: 'added'; readonly to: T }
  | { readonly op: 'changed'; readonly from: T; readonly to: T }
  | { readonly op: 'removed'; readonly from: T }

/** What happened since the batch before: each peer and each endpoint is in it once at most. */
export interface DirectoryBatch {
  /** The first that a listener gets: all that is known, as added. */
  readonly snapshot: boolean
  readonly peers: readonly DirectoryChange<KnownPeer>[]
  readonly endpoints: readonly DirectoryChange<KnownEndpoint>[]
}

export type DirectoryListener = (batch: DirectoryBatch) => void

export interface DirectoryCounts {
  readonly peers: number
  readonly endpoints: number
  /** Statements of lost sources that are kept, about peers and endpoints. */
  readonly stale: number
}

export interface Directory {
  readonly counts: DirectoryCounts
  peers(): Iterable<KnownPeer>
  endpoints(): Iterable<KnownEndpoint>
  /** MAC and VTEP as anybody writes them. @throws InvalidError when they are none */
  peer(vni: number, vtep: string): KnownPeer | undefined
  endpoint(vni: number, mac: string): KnownEndpoint | undefined
  /**
   * Calls back with all that is known, empty too, and from then on with every change, in order and in
   * batches. The first call comes before this returns, unless a listener calls it: then after that one.
   *
   * @returns what stops it: no call comes after that
   */
  watch(listener: DirectoryListener): () => void
}
