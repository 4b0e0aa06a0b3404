/** The exports of the module: the ABI between the dataplane and whoever drives it. */

export {
  arena,
  attach,
  boot,
  breakLocks,
  failures,
  queues,
  ready,
  received,
  scratch,
  setQueue,
  setReader,
  transmit,
} from './boot'
// The FDB by hand.
export {
  fdbCount,
  fdbDelete,
  fdbFind,
  fdbFlushDomain,
  fdbFlushPort,
  fdbNext,
  fdbSet,
} from './bridge/manage'
// Captures.
export { captureDone, captureNext, capturesLost } from './capture'
export { captureAddress, captureStart, captureStop } from './capture/filter'
// Change: control's side of the double buffer.
export {
  configBegin,
  configBinding,
  configBindings,
  configCommit,
  configDomain,
  configPort,
  configPortMember,
  configPortPolicy,
  configPortRate,
  configPortVlan,
  setVlan,
} from './change'
export { configGeneration, configPassed, enter, framesInHand, portInHand, quiesce } from './config'
// Counters and events.
export {
  account,
  dropCounter,
  dropReceived,
  portCounter,
  resetPort,
  transmitCopied,
  transmitFailed,
  workerStatistic,
} from './counter'
export { eventsLost, nextEvent } from './event'
// The filter.
export { filterBegin, filterEnd, filterMatch, filterRule } from './filter/edit'
export { resetRule, ruleCounter } from './firewall/judge'
// Flows by hand.
export {
  flowCount,
  flowDelete,
  flowNext,
  flowPurge,
  flowStates,
  mappedSlots,
  mappingCount,
} from './flow/inspect'
export { neighborFlush, neighborFlushPort, neighborNext, neighborSet } from './gateway/manage'
// The router's interfaces, routes and neighbours.
export { resetDomain, suppressedCount } from './gateway/suppress'
// The life of a memory: plan and lay out, boot once, attach each instance.
export { layout } from './layout'
// Rules of translation.
export {
  natBegin,
  natCounts,
  natExternal,
  natPool,
  natPrefix,
  natPrefixOutside,
  natPublish,
  natSource,
  natStatic,
} from './nat/change'
// Tunnels.
export { configTunnel, configTunnelEnd } from './overlay/manage'
// The packet path.
export { process, resume } from './pipeline'
export { configInterface, configRouter } from './router/interface'
export { configRoute } from './router/route'
export { nextDeadline, tick } from './time'
// What of memory is in use.
export { nextLine } from './used'
