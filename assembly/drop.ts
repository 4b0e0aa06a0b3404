/**
 * The one list of drop reasons. The build reads it: counters, `show drops`, metrics and `trace`
 * take code, name, direction and text from here. Codes are dense and never reused, names are part
 * of the stable interface. `rx`: charged to the port the frame came from; `tx`: to the port it
 * would have left by.
 */
export namespace Drop {
  /** short-frame (rx): the frame is shorter than an Ethernet header, 14 bytes. */
  export const SHORT_FRAME: u32 = 1
  /** long-frame (rx): the frame is longer than any super-frame can be, 65,607 bytes. */
  export const LONG_FRAME: u32 = 2
  /** port-down (rx): the port is down, or is not part of the active config. */
  export const PORT_DOWN: u32 = 3
  /** source-invalid (rx): the source MAC is a group address or zero. */
  export const SOURCE_INVALID: u32 = 4
  /** reserved-destination (rx): 01-80-C2-00-00-00 to -0F, never relayed by a bridge (802.1D 7.12.6). */
  export const RESERVED_DESTINATION: u32 = 5
  /** same-port (rx): the destination is known on the port the frame came from. */
  export const SAME_PORT: u32 = 6
  /** no-destination (rx): the frame would be flooded, and the bridge has no other port that is up. */
  export const NO_DESTINATION: u32 = 7
  /** checksum-request (rx): a partial checksum is asked for where the frame has no such TCP or UDP checksum. */
  export const CHECKSUM_REQUEST: u32 = 8
  /** segmentation-request (rx): the GSO type or size does not fit the frame it comes with. */
  export const SEGMENTATION_REQUEST: u32 = 9
  /** truncated-header (rx): an offload is asked for and the IP or transport header is cut off or lies about its length. */
  export const TRUNCATED_HEADER: u32 = 10
  /** header-chain (rx): an offload is asked for and the IPv6 header chain is longer than 8 headers or 256 bytes. */
  export const HEADER_CHAIN: u32 = 11
  /** over-mtu (tx): the frame, or a segment of it, is larger than the MTU of the port it would leave by. */
  export const OVER_MTU: u32 = 12
  /** needs-segmentation (tx): a super-frame of more segments than can be made for a device that takes none. */
  export const NEEDS_SEGMENTATION: u32 = 13
  /** egress-down (tx): the destination is a port that is down. */
  export const EGRESS_DOWN: u32 = 14
  /** transmit-list-full (rx): the burst needs more transmit entries than the list holds. */
  export const TRANSMIT_LIST_FULL: u32 = 15
  /** device-full (tx): the device had no room (EAGAIN, ENOBUFS). */
  export const DEVICE_FULL: u32 = 16
  /** device-down (tx): the interface is down or gone (EIO, EBADFD, ENODEV, ENETDOWN). */
  export const DEVICE_DOWN: u32 = 17
  /** device-refused (tx): the device refused the frame (EINVAL and all others). */
  export const DEVICE_REFUSED: u32 = 18
  /** truncated-tag (rx): the frame ends within its VLAN tag. */
  export const TRUNCATED_TAG: u32 = 19
  /** vlan-reserved (rx): the VLAN tag has VID 4095, which 802.1Q reserves. */
  export const VLAN_RESERVED: u32 = 20
  /** untagged-refused (rx): the frame has no VLAN tag, and the port has no native VLAN or admits tagged frames only. */
  export const UNTAGGED_REFUSED: u32 = 21
  /** tagged-refused (rx): the frame has a VLAN tag, and the port admits only frames without. */
  export const TAGGED_REFUSED: u32 = 22
  /** vlan-ingress (rx): the port is not a member of the VLAN in the frame's tag. */
  export const VLAN_INGRESS: u32 = 23
  /** vlan-nested (tx): the frame would leave with an inner VLAN tag as its only one, and be taken for another VLAN's. */
  export const VLAN_NESTED: u32 = 24
  /** isolated (tx): both ports are isolated. */
  export const ISOLATED: u32 = 25
  /** locked (rx): the port is locked, and the source MAC has no entry on it. */
  export const LOCKED: u32 = 26
  /** mac-limit (rx): the source MAC is new, and the port has as many as it may. */
  export const MAC_LIMIT: u32 = 27
  /** sticky-violated (rx): the source MAC sticks to another port. */
  export const STICKY_VIOLATED: u32 = 28
  /** guard-mac (rx): the source MAC is not one that is bound to the port. */
  export const GUARD_MAC: u32 = 29
  /** guard-address (rx): the source IP address is not one that is bound to the port, or cannot be told. */
  export const GUARD_ADDRESS: u32 = 30
  /** guard-neighbor (rx): ARP or neighbour discovery speaks for an address that is not bound to the port, or for a router. */
  export const GUARD_NEIGHBOR: u32 = 31
  /** storm-broadcast (rx): more broadcasts than the port's limit. */
  export const STORM_BROADCAST: u32 = 32
  /** storm-multicast (rx): more multicasts than the port's limit. */
  export const STORM_MULTICAST: u32 = 33
  /** storm-unknown-unicast (rx): more frames to unknown destinations than the port's limit. */
  export const STORM_UNKNOWN_UNICAST: u32 = 34
  /** policed-receive (rx): more than the port may send into the switch. */
  export const POLICED_RECEIVE: u32 = 35
  /** policed-transmit (tx): more than may leave by the port. */
  export const POLICED_TRANSMIT: u32 = 36
  /** mirror-port (rx): the port is the target of a mirror, and takes no frames. */
  export const MIRROR_PORT: u32 = 37
  /** ip-header (rx): the IP header is malformed: version, lengths, checksum or extension headers. */
  export const IP_HEADER: u32 = 38
  /** ip-options (rx): an IPv4 source route, or options that do not add up (RFC 7126). */
  export const IP_OPTIONS: u32 = 39
  /** martian (rx): the source address cannot be that of a host there (RFC 1812 5.3.7). */
  export const MARTIAN: u32 = 40
  /** gateway-spoofed (rx): the frame claims the gateway's MAC, or speaks for one of its addresses. */
  export const GATEWAY_SPOOFED: u32 = 41
  /** ttl-exceeded (rx): the TTL or hop limit ran out. */
  export const TTL_EXCEEDED: u32 = 42
  /** no-route (rx): there is no route to the destination. */
  export const NO_ROUTE: u32 = 43
  /** neighbor-unresolved (rx): the next hop did not answer ARP or neighbour discovery. */
  export const NEIGHBOR_UNRESOLVED: u32 = 44
  /** neighbor-queue (rx): too many frames wait for the next hop, or from this port, to be resolved. */
  export const NEIGHBOR_QUEUE: u32 = 45
  /** neighbor-invalid (rx): an ARP or neighbour discovery message that is malformed or not from this link (RFC 4861 7.1). */
  export const NEIGHBOR_INVALID: u32 = 46
  /** needs-fragmentation (rx): the packet is larger than the MTU on its way and may not be fragmented; its sender was told. */
  export const NEEDS_FRAGMENTATION: u32 = 47
  /** not-for-router (rx): the packet is for one of the router's own addresses, which has no such service. */
  export const NOT_FOR_ROUTER: u32 = 48
  /** directed-broadcast (rx): the destination is the broadcast address of a network that is not the sender's (RFC 2644). */
  export const DIRECTED_BROADCAST: u32 = 49
  /** fragment-invalid (rx): an IP fragment that overlaps another, comes twice, is too small, or lies beyond the largest packet. */
  export const FRAGMENT_INVALID: u32 = 50
  /** fragment-limit (rx): the rest of a fragmented packet did not come in time, or too many are incomplete. */
  export const FRAGMENT_LIMIT: u32 = 51
  /** flow-limit (rx): the source host has as many flows as it may. */
  export const FLOW_LIMIT: u32 = 52
  /** flow-table-full (rx): the flow table is full of established flows. */
  export const FLOW_TABLE_FULL: u32 = 53
  /** flow-invalid (rx): the packet fits no state of its flow, and begins none. */
  export const FLOW_INVALID: u32 = 54
  /** nat-exhausted (rx): no external port is left to translate to. */
  export const NAT_EXHAUSTED: u32 = 55
  /** nat-unsolicited (rx): it came to an external address, and neither a mapping nor a published port takes it. */
  export const NAT_UNSOLICITED: u32 = 56
  /** filter-denied (rx): a filter rule or the policy of a bridge denies it. */
  export const FILTER_DENIED: u32 = 57
  /** filter-rejected (rx): a filter rule rejects it; its sender was told. */
  export const FILTER_REJECTED: u32 = 58
  /** checksum-zero (rx): a UDP packet over IPv6 without a checksum (RFC 8200 8.1). */
  export const CHECKSUM_ZERO: u32 = 59
  /** outer-header (rx): a datagram of the underlay whose IP or UDP header is malformed. */
  export const OUTER_HEADER: u32 = 60
  /** vxlan-header (rx): a VXLAN header without a VNI, or, where the bridge is strict, with reserved bits set (RFC 7348 5). */
  export const VXLAN_HEADER: u32 = 61
  /** vni-unknown (rx): no bridge has the VNI. */
  export const VNI_UNKNOWN: u32 = 62
  /** vtep-unlisted (rx): the datagram comes from a VTEP that is no peer of the bridge. */
  export const VTEP_UNLISTED: u32 = 63
  /** overlay-tagged (rx): a frame with a VLAN tag from a tunnel whose bridge lets none pass (RFC 7348 6.1). */
  export const OVERLAY_TAGGED: u32 = 64
  /** congestion-marked (rx): marked as congested on the underlay, and the packet inside knows no ECN (RFC 6040 4.2). */
  export const CONGESTION_MARKED: u32 = 65
  /** split-horizon (tx): it came by a tunnel of the bridge and would leave by another. */
  export const SPLIT_HORIZON: u32 = 66
  /** tunnel-tagged (tx): a frame with a VLAN tag would leave by a tunnel whose bridge lets none pass (RFC 7348 6.1). */
  export const TUNNEL_TAGGED: u32 = 67
  /** underlay-too-big (tx): the datagram is larger than the way to the peer takes, and a tunnel never fragments (EMSGSIZE). */
  export const UNDERLAY_TOO_BIG: u32 = 68
  /** underlay-unreachable (tx): there is no way to the peer (ENETUNREACH, EHOSTUNREACH, ECONNREFUSED). */
  export const UNDERLAY_UNREACHABLE: u32 = 69
  /** worker-died (rx): it was in hand of a worker that died. */
  export const WORKER_DIED: u32 = 70
  /** impair-loss-receive (rx): lost by the port's impairment on its way in. */
  export const IMPAIR_LOSS_RECEIVE: u32 = 71
  /** impair-loss-transmit (tx): lost by the port's impairment on its way out. */
  export const IMPAIR_LOSS_TRANSMIT: u32 = 72
  /** impair-queue-receive (rx): no room in the queue before the rate of the port's impairment. */
  export const IMPAIR_QUEUE_RECEIVE: u32 = 73
  /** impair-queue-transmit (tx): no room in the queue before the rate of the port's impairment. */
  export const IMPAIR_QUEUE_TRANSMIT: u32 = 74
  /** impair-mtu-receive (rx): larger than the MTU of the port's impairment. */
  export const IMPAIR_MTU_RECEIVE: u32 = 75
  /** impair-mtu-transmit (tx): larger than the MTU of the port's impairment. */
  export const IMPAIR_MTU_TRANSMIT: u32 = 76
  /** impair-down-receive (rx): the port's impairment has "up: false". */
  export const IMPAIR_DOWN_RECEIVE: u32 = 77
  /** impair-down-transmit (tx): the port's impairment has "up: false". */
  export const IMPAIR_DOWN_TRANSMIT: u32 = 78
  /** impair-room-receive (rx): no memory for a frame that the port's impairment holds, or the workers are behind. */
  export const IMPAIR_ROOM_RECEIVE: u32 = 79
  /** impair-room-transmit (tx): no memory for a frame that the port's impairment holds. */
  export const IMPAIR_ROOM_TRANSMIT: u32 = 80
}
