/**
 * What is translated: a buffer beside each config buffer, copied, edited and made active with it.
 *
 *   head      counts of the four that follow, u32 each
 *   externals 64 a slot: 0 address   16 inside address (static)   32 flags u32   36 fid u32
 *   sources   64 a rule, first match: 0 prefix   16 mask   32 flags u32   36 inFid u32 (0: any)
 *             40 outFid u32   44 first slot u32   48 slots u32   52 first port u16   54 last port u16
 *   published 32 a range, in the order of their keys: 0 slot << 8 | protocol u32   4 first port u16
 *             6 last u16   8 inside address   24 inside first port u16   28 number u32
 *   prefixes  64 a rule: 0 inside prefix   16 outside prefix   32 mask   48 outFid u32
 *             52 word u32   56 adjustment u32
 *
 * Addresses take 16 octets, those of IPv4 the first four of them. A slot is an external address: its
 * number outlasts changes, since external ports and flows name it.
 */
import { Directory, directory } from '../memory'
import { NAT_SIZE } from '../size'

export namespace Nat {
  export const EXTERNALS: usize = 0
  export const SOURCES: usize = 4
  export const PUBLISHED: usize = 8
  export const PREFIXES: usize = 12
}

/** How many there can be. The same in src/dataplane/abi.ts. */
export const EXTERNALS_MAX: u32 = 256
export const SOURCES_MAX: u32 = 128
export const PUBLISHED_MAX: u32 = 2048
export const PREFIXES_MAX: u32 = 64

const HEAD_SIZE: usize = 64
export const RULE_SIZE: usize = 64
export const PUBLISHED_SIZE: usize = 32

export namespace NatFlag {
  export const PRESENT: u32 = 1
  export const WIDE: u32 = 2
  /** Ports of it are translated to: what it has no mapping for is not for the router either. */
  export const MASQUERADE: u32 = 4
  /** All of it is one inside address. */
  export const STATIC: u32 = 8
  /** Of a source rule: endpoint-independent filtering, the inside port where it is free, its parity. */
  export const OPEN: u32 = 16
  export const PRESERVE: u32 = 32
  export const PARITY: u32 = 64
}

export namespace External {
  export const ADDRESS: usize = 0
  export const INSIDE: usize = 16
  export const FLAGS: usize = 32
  export const FID: usize = 36
}

export namespace Source {
  export const PREFIX: usize = 0
  export const MASK: usize = 16
  export const FLAGS: usize = 32
  export const IN_FID: usize = 36
  export const OUT_FID: usize = 40
  export const FIRST_SLOT: usize = 44
  export const SLOTS: usize = 48
  export const FIRST_PORT: usize = 52
  export const LAST_PORT: usize = 54
}

export namespace Published {
  export const KEY: usize = 0
  export const FIRST: usize = 4
  export const LAST: usize = 6
  export const INSIDE: usize = 8
  export const INSIDE_FIRST: usize = 24
  export const NUMBER: usize = 28
}

export namespace Prefix {
  export const INSIDE: usize = 0
  export const OUTSIDE: usize = 16
  export const MASK: usize = 32
  export const OUT_FID: usize = 48
  export const WORD: usize = 52
  export const ADJUSTMENT: usize = 56
}

/** The rules that go with a config buffer. */
@inline
export function rulesOf(config: usize): usize {
  return directory(Directory.NAT) + (config == directory(Directory.CONFIG) ? 0 : NAT_SIZE)
}

@inline
export function externalAt(rules: usize, slot: u32): usize {
  return rules + HEAD_SIZE + <usize>slot * RULE_SIZE
}

@inline
export function sourceAt(rules: usize, index: u32): usize {
  return externalAt(rules, EXTERNALS_MAX) + <usize>index * RULE_SIZE
}

@inline
export function prefixAt(rules: usize, index: u32): usize {
  return sourceAt(rules, SOURCES_MAX) + <usize>index * RULE_SIZE
}

@inline
export function publishedAt(rules: usize, index: u32): usize {
  return prefixAt(rules, PREFIXES_MAX) + <usize>index * PUBLISHED_SIZE
}
