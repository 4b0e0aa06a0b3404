/** What `linkspan show` can show, and by what each can be narrowed; the names of the API's paths. */
export const subjects = {
  info: { text: 'the switch as a whole', filters: [] },
  ports: { text: 'the ports: state and counters', filters: ['bridge'] },
  bridges: { text: 'the bridges', filters: [] },
  vlans: { text: 'which port is in which VLAN', filters: ['bridge', 'vlan', 'port'] },
  fdb: { text: 'the MAC table', filters: ['bridge', 'vlan', 'port', 'vtep', 'mac'] },
  tunnels: { text: 'the VXLAN tunnels: state and counters', filters: ['bridge', 'vtep'] },
  underlay: { text: 'the sockets that tunnels leave by', filters: [] },
  peers: {
    text: 'VTEPs that the directory knows',
    filters: ['bridge', 'vni', 'vtep', 'source'],
  },
  endpoints: {
    text: 'stations of other hosts that the directory knows',
    filters: ['bridge', 'vni', 'vtep', 'source', 'mac'],
  },
  routes: { text: 'the routes of the router', filters: ['bridge', 'uplink'] },
  neighbors: { text: 'the neighbours of the router', filters: ['bridge', 'uplink'] },
  rules: { text: 'the rules of the filter: what each has decided', filters: [] },
  publish: { text: 'the published services', filters: [] },
  flows: {
    text: 'tracked connections',
    filters: ['protocol', 'state', 'address', 'port', 'limit'],
  },
  drops: { text: 'frames dropped, by port and reason', filters: ['port'] },
  workers: { text: 'the forwarding threads', filters: [] },
  config: { text: 'the config in force, every default filled in', filters: [] },
} as const

export type Subject = keyof typeof subjects
type Filters = (typeof subjects)[Subject]['filters'][number]
export type Filter = Filters
