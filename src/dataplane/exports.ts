import type { Words } from './abi.js'

/**
 * The exports of the module as TypeScript sees them; assembly/index.ts is the other side. Addresses
 * are offsets in linear memory; times are milliseconds on any clock that only goes forward.
 */
export interface Exports {
  layout(
    workers: number,
    ports: number,
    bridges: number,
    domains: number,
    memberships: number,
    macs: number,
    arena: number,
    routes: number,
    neighbors: number,
    flows: number,
    flows6: number,
    rules: number,
  ): number
  boot(seedLow: number, seedHigh: number): number
  attach(worker: number): number
  breakLocks(worker: number): number
  setQueue(worker: number, port: number, descriptor: number, kind: number): void
  setReader(queue: number, port: number, descriptor: number, worker: number): void

  arena(worker: number): number
  queues(worker: number): number
  received(worker: number): number
  transmit(worker: number): number
  failures(worker: number): number
  ready(worker: number): number
  scratch(worker: number): number

  process(worker: number, port: number, count: number, now: number): number
  resume(worker: number, now: number): number
  tick(worker: number, now: number): number
  nextDeadline(worker: number, now: number): number
  enter(worker: number): void
  quiesce(worker: number): void
  framesInHand(worker: number): number
  portInHand(worker: number): number

  configBegin(): number
  configPort(
    port: number,
    flags: number,
    bridge: number,
    fid: number,
    mtu: number,
    offloads: number,
  ): void
  configPortVlan(port: number, tpid: number, native: number): void
  configPortMember(port: number, first: number, last: number): void
  configPortPolicy(
    port: number,
    macLimit: number,
    controlFrames: number,
    mirrorReceive: number,
    mirrorTransmit: number,
  ): void
  configPortRate(port: number, meter: number, cost: number, burst: number): void
  configBindings(port: number): void
  configBinding(
    port: number,
    kind: number,
    prefix: number,
    a: number,
    b: number,
    c: number,
    d: number,
  ): number
  configTunnel(
    port: number,
    underlay: number,
    version: number,
    vni: number,
    options: number,
    hops: number,
    service: number,
    firstSource: number,
    sources: number,
    destination: number,
  ): void
  configTunnelEnd(port: number, remote: number, a: number, b: number, c: number, d: number): void
  configDomain(fid: number, flags: number, ageing: number, bridge: number, vid: number): void
  suppressedCount(fid: number): number
  resetDomain(fid: number): void
  setVlan(bridge: number, vid: number, fid: number): void
  configCommit(): number
  configGeneration(): number
  configPassed(generation: number): number

  configRouter(): void
  configInterface(
    fid: number,
    flags: number,
    macHigh: number,
    macLow: number,
    mtu: number,
    vid: number,
    identity: number,
    a: number,
    b: number,
    c: number,
    d: number,
  ): number
  configRoute(
    kind: number,
    family: number,
    length: number,
    fid: number,
    a: number,
    b: number,
    c: number,
    d: number,
    nextA: number,
    nextB: number,
    nextC: number,
    nextD: number,
  ): number

  neighborSet(
    worker: number,
    fid: number,
    a: number,
    b: number,
    c: number,
    d: number,
    macHigh: number,
    macLow: number,
  ): number
  neighborFlush(worker: number, fid: number): void
  neighborFlushPort(worker: number, port: number): void
  neighborNext(reader: number, cursor: number, now: number): number

  fdbCount(): number
  fdbSet(
    worker: number,
    fid: number,
    macHigh: number,
    macLow: number,
    port: number,
    flags: number,
    now: number,
  ): number
  fdbDelete(worker: number, fid: number, macHigh: number, macLow: number): number
  fdbFlushPort(port: number): void
  fdbFlushDomain(fid: number): void
  fdbNext(reader: number, cursor: number, now: number): number
  fdbFind(reader: number, fid: number, macHigh: number, macLow: number, now: number): number

  filterBegin(): void
  filterRule(action: number, slot: number): number
  filterMatch(
    axis: number,
    low0: number,
    low1: number,
    low2: number,
    low3: number,
    high0: number,
    high1: number,
    high2: number,
    high3: number,
  ): number
  filterEnd(): number
  ruleCounter(slot: number, which: number): number
  resetRule(slot: number): void

  flowNext(reader: number, wide: number, from: number, now: number): number
  flowDelete(worker: number, wide: number, index: number, incarnation: number): number
  flowStates(reader: number, wide: number, now: number): void
  flowCount(wide: number): number
  flowPurge(worker: number, wide: number, by: number, value: number): number
  mappingCount(wide: number, slot: number, protocol: number): number
  mappedSlots(wide: number): number

  natBegin(): void
  natCounts(externals: number, sources: number, published: number, prefixes: number): void
  natExternal(slot: number, flags: number, fid: number, ...address: Words): void
  natStatic(slot: number, ...inside: Words): void
  natSource(
    index: number,
    flags: number,
    inFid: number,
    outFid: number,
    bits: number,
    ...prefix: Words
  ): void
  natPool(index: number, slot: number, slots: number, firstPort: number, lastPort: number): void
  natPublish(
    index: number,
    slot: number,
    protocol: number,
    firstPort: number,
    lastPort: number,
    insideFirst: number,
    number: number,
    ...inside: Words
  ): void
  natPrefix(index: number, outFid: number, bits: number, ...inside: Words): void
  natPrefixOutside(index: number, ...outside: Words): void

  portCounter(port: number, which: number): number
  dropCounter(port: number, reason: number): number
  dropReceived(worker: number, port: number, reason: number, frames: number): void
  resetPort(port: number): void
  transmitCopied(worker: number, port: number, frames: number, octets: number): void
  transmitFailed(worker: number, port: number, reason: number, frames: number, octets: number): void
  workerStatistic(worker: number, which: number): number
  account(worker: number, busy: number, waited: number): void

  captureStart(
    which: number,
    wants: number,
    port: number,
    macHigh: number,
    macLow: number,
    etherType: number,
    vlan: number,
    snapLength: number,
  ): void
  captureAddress(
    which: number,
    version: number,
    prefix: number,
    a: number,
    b: number,
    c: number,
    d: number,
  ): void
  captureStop(which: number): void
  captureNext(worker: number): number
  captureDone(worker: number): void
  capturesLost(worker: number): number

  nextEvent(worker: number, reader: number): number
  eventsLost(worker: number): number

  /** The next line of 64 octets that is in use, or (`used` 0) that is not; `end` where there is none. */
  nextLine(at: number, end: number, used: number): number
}
