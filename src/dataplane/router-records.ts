/** The router's interfaces, routes and neighbours by number: router.ts has them by name. */
import type { MacPair } from '../config/address.js'
import { LinkspanError } from '../error.js'
import { Change, type Words } from './abi.js'
import type { Manager } from './manager.js'

/** An interface of the router, see assembly/router/interface.ts. */
export interface InterfaceRecord {
  /** Bits of InterfaceFlag. */
  flags: number
  mac: MacPair
  mtu: number
  vid: number
  /** Another number: it announces itself. */
  identity: number
  linkLocal: Words
}

/** A route, see assembly/router/route.ts. */
export interface RouteRecord {
  kind: number
  family: 4 | 6
  length: number
  /** 0 for none. */
  fid: number
  prefix: Words
  nextHop: Words
}

/** A neighbour of the router, see assembly/gateway/manage.ts. */
export interface NeighborRecord {
  /** 16; an IPv4 address as a mapped one. */
  octets: Uint8Array
  mac: Uint8Array
  state: number
  fid: number
  /** Milliseconds since it was confirmed. */
  age: number
}

export class RouterRecords {
  constructor(private readonly manager: Manager) {}

  /** In the open change: the router as it is without interfaces and routes. */
  begin(): void {
    this.manager.exports.configRouter()
  }

  /** In the open change: an interface. */
  setInterface(fid: number, settings: InterfaceRecord): void {
    const { exports } = this.manager
    const { flags, mac, mtu, vid, identity, linkLocal } = settings
    const done = exports.configInterface(fid, flags, ...mac, mtu, vid, identity, ...linkLocal)
    if (!done) throw new LinkspanError('LIMIT', 'there is room for 1024 gateways and uplinks')
  }

  /** In the open change: a route; those of shorter prefixes first. */
  setRoute({ kind, family, length, fid, prefix, nextHop }: RouteRecord): void {
    const { exports } = this.manager
    if (exports.configRoute(kind, family, length, fid, ...prefix, ...nextHop)) return
    throw new LinkspanError(
      'LIMIT',
      'the routes do not fit: raise capacity.routes and restart the switch',
    )
  }

  /** Gives an address on a link a MAC by hand, or takes it away: false if it had none. */
  setNeighbor(fid: number, address: Words, mac: MacPair): boolean {
    const { exports, self } = this.manager
    const outcome = exports.neighborSet(self, fid, ...address, ...mac)
    if (outcome === Change.BUSY)
      throw new LinkspanError('BUSY', 'the neighbours are busy: try again')
    if (outcome === Change.FULL) {
      throw new LinkspanError(
        'LIMIT',
        'no room for another neighbour: raise capacity.neighbors and restart the switch',
      )
    }
    return outcome === Change.DONE
  }

  /** Forgets the neighbours on a domain, or those whose MAC is on a port. */
  flushNeighbors(what: { fid: number } | { port: number }): void {
    const { exports, self } = this.manager
    if ('fid' in what) exports.neighborFlush(self, what.fid)
    else exports.neighborFlushPort(self, what.port)
  }

  *neighbors(now: number): Generator<NeighborRecord> {
    const { exports, self, scratch: view } = this.manager
    let cursor = exports.neighborNext(self, 1, now)
    for (; cursor !== 0; cursor = exports.neighborNext(self, cursor, now)) {
      const octets = Uint8Array.from({ length: 16 }, (_, at) => view.getUint8(at))
      const mac = Uint8Array.from({ length: 6 }, (_, at) => view.getUint8(16 + at))
      const [state, fid] = [view.getUint32(24, true), view.getUint32(28, true)]
      yield { octets, mac, state, fid, age: view.getFloat64(32, true) }
    }
  }
}
