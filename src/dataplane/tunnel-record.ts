/** A tunnel to a VTEP, and what its settings come to as the numbers that the dataplane reads. */
import { parseAddress } from '../config/address.js'
import { TunnelOption, type Words } from './abi.js'
import { wordsOf } from './port-record.js'

export interface TunnelSettings {
  /** The port of the underlay by which its datagrams leave. */
  underlay: string
  /** 0 to 2^24 - 1. */
  vni: number
  /** Our own address and the VTEP's, both of one family. */
  local: string
  remote: string
  /** The VTEP's UDP port. */
  port: number
  /** UDP source ports to choose from. */
  sources: SourcePorts
  /** The outer TTL or hop limit. */
  ttl: number
  /** The outer DSCP; "copy": that of the packet inside. */
  dscp: number | 'copy'
  /** Drops VXLAN headers with reserved bits set. */
  strict: boolean
  /** Lets frames with a VLAN tag pass. */
  tagged: boolean
}

export interface SourcePorts {
  first: number
  count: number
}

/** The same in numbers, see assembly/overlay/manage.ts. */
export interface TunnelRecord {
  underlay: number
  version: number
  vni: number
  /** Bits of TunnelOption. */
  options: number
  ttl: number
  service: number
  sources: SourcePorts
  destinationPort: number
  local: Words
  remote: Words
}

/** What a device of a tunnel's port takes: assembly/offload/release.ts, Offload.TUNNEL. */
export const TUNNEL_OFFLOADS = 32

/** @param underlay the number of the port of the underlay */
export function tunnelRecord(settings: TunnelSettings, underlay: number): TunnelRecord {
  const { vni, ttl, dscp, sources, port, strict, tagged } = settings
  const local = parseAddress(settings.local)
  const remote = parseAddress(settings.remote)
  const options =
    (strict ? TunnelOption.STRICT : 0) |
    (tagged ? TunnelOption.TAGGED : 0) |
    (dscp === 'copy' ? TunnelOption.COPY_DSCP : 0)
  return {
    ...{ underlay, version: remote.family, vni, options, ttl, sources },
    service: dscp === 'copy' ? 0 : dscp << 2,
    destinationPort: port,
    local: wordsOf(local.bytes),
    remote: wordsOf(remote.bytes),
  }
}
