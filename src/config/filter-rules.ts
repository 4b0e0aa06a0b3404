/** The rules of a config, with the addresses of the ports that they name. */
import type { Config, Rule } from './types.js'

/** A rule and the addresses by which the router knows that a packet goes to its port. */
export type AddressedRule = Omit<Rule, 'to'> & {
  readonly to?: (Rule['to'] & { readonly addresses?: readonly string[] }) | undefined
}

export function filterRules({ filter, ports }: Config): AddressedRule[] {
  return filter.map((rule) => {
    const port = rule.to?.port
    if (port === undefined) return rule
    const device = ports[port]?.device
    const own = device?.type === 'tap' ? (device.addresses ?? []) : []
    const addresses = own.map((address) => address.replace(/\/.*$/, ''))
    return { ...rule, to: { ...rule.to, addresses } }
  })
}
