/** What must hold for gateways, uplinks, routes and static neighbours. */
import { formatPrefix, isLinkLocal, networkOf, parseAddress, parsePrefix } from './address.js'
import { checkDevice } from './check-device.js'
import { checkName, type Names } from './check-name.js'
import { quote } from './describe.js'
import type { Issues, Path } from './issues.js'
import {
  isOn,
  isOwn,
  ofFamily,
  overlap,
  type RouterInterface,
  routerInterfaces,
  subnetTexts,
} from './subnets.js'
import type { Config, Port, StaticNeighbor } from './types.js'
import { formatVlans, namedVlans } from './vlan-use.js'

/** RFC 8200 section 5. */
const IPV6_MTU_MIN = 1280

/** @param whole whether no bridge and no uplink was left out as faulty: then what is not there is an error */
export function checkRouter(config: Config, names: Names, whole: boolean, issues: Issues): void {
  const interfaces = routerInterfaces(config)
  checkCount(interfaces, issues)
  checkGateways(config, issues)
  checkUplinks(config, names, issues)
  checkOverlaps(interfaces, issues)
  checkRoutes(config, interfaces, whole, issues)
  checkNeighbors(config, names, interfaces, issues)
}

/** As many as the packet path has room for. */
const INTERFACES_MAX = 1024

function checkCount(interfaces: readonly RouterInterface[], issues: Issues): void {
  const first = interfaces[INTERFACES_MAX]
  if (first === undefined) return
  const expected = `at most ${INTERFACES_MAX} gateways and uplinks`
  issues.add(first.path, `${interfaces.length}`, expected, undefined, 'key')
}

function checkGateways({ bridges }: Config, issues: Issues): void {
  for (const [name, { gateway, vlanAware, mtu }] of Object.entries(bridges)) {
    if (gateway === undefined) continue
    const path = ['bridges', name, 'gateway']
    if (gateway.vlan !== undefined && !vlanAware) {
      const expected = `no "vlan": bridge ${quote(name)} is not VLAN-aware`
      issues.add([...path, 'vlan'], String(gateway.vlan), expected)
    }
    const six = gateway.addresses.some((text) => parsePrefix(text).family === 6)
    if (mtu === undefined || mtu >= IPV6_MTU_MIN || !six) continue
    const expected = `at least ${IPV6_MTU_MIN}, which the gateway's IPv6 addresses need`
    issues.add(['bridges', name, 'mtu'], String(mtu), expected)
  }
}

/** A gateway alone in its VLAN is a slip of the pen, unless ports come later by the API. */
export function checkGatewayVlans({ bridges, ports }: Config, issues: Issues): void {
  const named = namedVlans({ bridges, ports }, false)
  for (const [name, { gateway }] of Object.entries(bridges)) {
    const vlans = named.get(name)
    if (gateway?.vlan === undefined || vlans === undefined || vlans.size === 0) continue
    if (vlans.has(gateway.vlan)) continue
    const list = formatVlans([...vlans].sort((a, b) => a - b))
    const expected = `a VLAN that a port of bridge ${quote(name)} is in (${list})`
    issues.add(['bridges', name, 'gateway', 'vlan'], String(gateway.vlan), expected)
  }
}

function checkUplinks({ uplinks }: Config, names: Names, issues: Issues): void {
  for (const [name, uplink] of Object.entries(uplinks)) {
    const path = ['uplinks', name]
    if (names.ports?.includes(name)) {
      const expected = 'a name that no port has: uplinks are ports'
      issues.add(path, quote(name), expected, undefined, 'key')
    }
    checkDevice([...path, 'device'], uplink.device, issues)
    const { mtu, device, addresses } = uplink
    if (device.mtu !== undefined && mtu > device.mtu) {
      issues.add([...path, 'mtu'], String(mtu), `at most ${device.mtu}, the MTU of its device`)
    }
    const six = addresses.some((text) => parsePrefix(text).family === 6)
    if (six && mtu < IPV6_MTU_MIN) {
      issues.add(
        [...path, 'mtu'],
        String(mtu),
        `at least ${IPV6_MTU_MIN}, which IPv6 addresses need`,
      )
    }
    if (device.type === 'tap') checkOuterEnd(path, device.addresses, addresses, issues)
  }
}

/** The other end of a TAP is a host of its own on the outer network. */
function checkOuterEnd(
  path: Path,
  outer: readonly string[],
  own: readonly string[],
  issues: Issues,
): void {
  const host = (text: string) => text.slice(0, text.indexOf('/'))
  for (const [index, text] of outer.entries()) {
    if (!own.some((other) => host(other) === host(text))) continue
    const expected = "an address of its own: this one is the router's"
    issues.add([...path, 'device', 'addresses', index], quote(text), expected)
  }
}

/** Two interfaces with one address between them: nobody could say where it is. */
function checkOverlaps(interfaces: readonly RouterInterface[], issues: Issues): void {
  for (const [index, later] of interfaces.entries()) {
    for (const [at, { text, prefix }] of later.addresses.entries()) {
      if (isLinkLocal(prefix)) continue
      for (const earlier of interfaces.slice(0, index)) {
        const other = earlier.addresses.find(({ prefix: theirs }) => overlap(theirs, prefix))
        if (other === undefined) continue
        const expected = `a subnet of its own: ${earlier.who} has ${quote(other.text)}`
        issues.add([...later.path, 'addresses', at], quote(text), expected)
        break
      }
    }
    checkTwice(later, issues)
  }
}

function checkTwice({ addresses, path }: RouterInterface, issues: Issues): void {
  const seen = new Set<string>()
  for (const [index, { text }] of addresses.entries()) {
    const host = text.slice(0, text.indexOf('/'))
    if (seen.has(host)) issues.add([...path, 'addresses', index], quote(text), 'each address once')
    seen.add(host)
  }
}

function checkRoutes(
  config: Config,
  interfaces: readonly RouterInterface[],
  whole: boolean,
  issues: Issues,
): void {
  const destinations = new Map(connectedNetworks(interfaces))
  const once = (path: Path, to: string, who: string) => {
    const user = destinations.get(to)
    if (user === undefined) destinations.set(to, who)
    else issues.add([...path, 'to'], quote(to), `each destination once: ${user} has this one`)
  }
  for (const [index, { to, via }] of config.routes.entries()) {
    const path = ['routes', index]
    once(path, to, `routes[${index}]`)
    if (via !== undefined && whole) checkHop([...path, 'via'], via, interfaces, false, issues)
  }
  for (const [name, { routes }] of Object.entries(config.uplinks)) {
    const own = interfaces.filter((of) => of.kind === 'uplink' && of.name === name)
    for (const [index, { to, via }] of routes.entries()) {
      const path = ['uplinks', name, 'routes', index]
      once(path, to, `uplink ${quote(name)}`)
      if (via !== undefined) checkHop([...path, 'via'], via, own, true, issues)
    }
  }
}

function* connectedNetworks(interfaces: readonly RouterInterface[]): Generator<[string, string]> {
  for (const { who, addresses } of interfaces) {
    for (const { prefix } of addresses) yield [formatPrefix(networkOf(prefix)), who]
  }
}

/** @param one whether the interface is known, so that a link-local next hop says enough */
function checkHop(
  path: Path,
  text: string,
  interfaces: readonly RouterInterface[],
  one: boolean,
  issues: Issues,
): void {
  const via = parseAddress(text)
  if (interfaces.some((of) => isOwn(of, via))) {
    issues.add(path, quote(text), "a neighbour's address, not the router's own")
  } else if (isLinkLocal(via) && !one) {
    const expected =
      'a global address: a link-local one says which link only in "uplinks.NAME.routes"'
    issues.add(path, quote(text), expected)
  } else if (!interfaces.some((of) => isOn(of, via))) {
    const subnets = subnetTexts(interfaces.map((of) => ofFamily(of, via.family)))
    const whose = one ? 'of this uplink' : 'of a gateway or uplink'
    issues.add(path, quote(text), `an address in a subnet ${whose} (${subnets})`)
  }
}

function checkNeighbors(
  config: Config,
  names: Names,
  interfaces: readonly RouterInterface[],
  issues: Issues,
): void {
  const seen = new Set<string>()
  for (const [index, neighbor] of config.neighbors.entries()) {
    const path = ['neighbors', index]
    const { address } = neighbor
    const id = `${neighbor.bridge} ${neighbor.uplink} ${address}`
    if (seen.has(id))
      issues.add([...path, 'address'], quote(address), 'each address once an interface')
    seen.add(id)
    const of = interfaceAt(path, neighbor, config, names, interfaces, issues)
    if (of === undefined) continue
    const host = parseAddress(address)
    if (isOwn(of, host)) {
      issues.add(
        [...path, 'address'],
        quote(address),
        "a neighbour's address, not the router's own",
      )
    } else if (!isOn(of, host)) {
      const subnets = subnetTexts([ofFamily(of, host.family)])
      issues.add(
        [...path, 'address'],
        quote(address),
        `an address in a subnet of ${of.who} (${subnets})`,
      )
    }
  }
}

/** What knows a neighbour; undefined where there is none, rightly so when a bridge has tunnels. */
function interfaceAt(
  path: Path,
  { bridge, uplink }: StaticNeighbor,
  { bridges }: Config,
  names: Names,
  interfaces: readonly RouterInterface[],
  issues: Issues,
): RouterInterface | undefined {
  const kind = bridge === undefined ? 'uplink' : 'bridge'
  const name = (bridge ?? uplink) as string
  const at = [...path, kind]
  const known = kind === 'bridge' ? names.bridges : names.uplinks
  if (!checkName(at, name, known, kind, issues)) return undefined
  const of = interfaces.find((one) => one.kind === kind && one.name === name)
  const tunnels = kind === 'bridge' && Object.hasOwn(bridges, name) && bridges[name]?.vxlan
  if (of === undefined && kind === 'bridge' && !tunnels) {
    const expected =
      'a bridge with a "gateway", whose neighbours these are, or with "vxlan", where they are answered for'
    issues.add(at, quote(name), expected)
  }
  return of
}

/** The addresses of a port's device are in the subnets of its gateway. */
export function checkPortSubnets(
  path: Path,
  { bridge, device, vlan }: Port,
  { bridges }: Config,
  issues: Issues,
): void {
  const gateway = Object.hasOwn(bridges, bridge) ? bridges[bridge]?.gateway : undefined
  if (device.type !== 'tap' || gateway === undefined || vlan?.native !== gateway.vlan) return
  const subnets = gateway.addresses.map(parsePrefix)
  for (const [index, text] of device.addresses.entries()) {
    const { family, ...address } = parsePrefix(text)
    const own = subnets.filter((subnet) => subnet.family === family)
    const on = own.some((subnet) => overlap(subnet, { family, ...address }))
    if (isLinkLocal({ family, ...address }) || own.length === 0 || on) continue
    const list = own.map(formatPrefix).join(', ')
    const expected = `an address in a subnet of the gateway of bridge ${quote(bridge)} (${list})`
    issues.add([...path, 'device', 'addresses', index], quote(text), expected)
  }
}
