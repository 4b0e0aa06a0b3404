/** The overlay for people: tunnels, the underlay, what the directory knows. */
import type { EndpointView, PeerView } from '../control/directory-view.js'
import type { TunnelView, UnderlayView } from '../control/overlay-view.js'
import { table } from './table.js'

const dash = (value: string | number | null) => value ?? '-'

const stateText = ({ state, error }: { state: string; error: string | null }) =>
  error === null ? state : `${state}: ${error}`

export function tunnelsTable(tunnels: TunnelView[]): string {
  const rows = tunnels.map((tunnel) => [
    tunnel.bridge,
    tunnel.vni,
    tunnel.vtep,
    tunnel.port,
    tunnel.local,
    stateText(tunnel),
    tunnel.mtu,
    dash(tunnel.pathMtu),
    tunnel.rx.frames,
    tunnel.tx.frames,
    tunnel.rx.drops + tunnel.tx.drops,
    tunnel.errors.tooBig + tunnel.errors.unreachable,
    tunnel.entries,
  ])
  const headings = ['BRIDGE', 'VNI', 'VTEP', 'PORT', 'LOCAL', 'STATE', 'MTU', 'PATH MTU']
  return table([...headings, 'RX', 'TX', 'DROPS', 'ERRORS', 'MACS'], rows)
}

export function underlayTable(sockets: UnderlayView[]): string {
  const rows = sockets.map((socket) => {
    const { sourcePorts, kernel } = socket
    return [
      socket.address,
      socket.port,
      dash(socket.netns),
      stateText(socket),
      dash(socket.mtu),
      sourcePorts ? `${sourcePorts.first}-${sourcePorts.first + sourcePorts.count - 1}` : '-',
      socket.rx.frames,
      socket.tx.frames,
      socket.rx.drops + socket.tx.drops,
      dash(kernel?.drops ?? null),
      dash(kernel?.checksumErrors ?? null),
    ]
  })
  const headings = ['ADDRESS', 'PORT', 'NETNS', 'STATE', 'MTU', 'SOURCE PORTS', 'RX', 'TX', 'DROPS']
  return table([...headings, 'KERNEL DROPS', 'BAD CHECKSUMS'], rows)
}

export function endpointsTable(endpoints: EndpointView[]): string {
  const rows = endpoints.map((endpoint) => [
    dash(endpoint.bridge),
    endpoint.vni,
    endpoint.mac,
    endpoint.addresses.join(' ') || '-',
    endpoint.vtep,
    endpoint.source,
    marksText(endpoint),
  ])
  return table(['BRIDGE', 'VNI', 'MAC', 'ADDRESSES', 'VTEP', 'SOURCE', 'MARKS'], rows)
}

export function peersTable(peers: PeerView[]): string {
  const rows = peers.map((peer) => [
    dash(peer.bridge),
    peer.vni,
    peer.vtep,
    dash(peer.host),
    peer.source,
    marksText(peer),
  ])
  return table(['BRIDGE', 'VNI', 'VTEP', 'HOST', 'SOURCE', 'MARKS'], rows)
}

function marksText({ stale, contested }: { stale: boolean; contested: boolean }): string {
  return [...(stale ? ['stale'] : []), ...(contested ? ['contested'] : [])].join(' ') || '-'
}
