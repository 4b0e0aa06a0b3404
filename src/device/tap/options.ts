/** What a TAP can be asked for, and what of it the kernel would take amiss. */
import { constants } from 'node:os'
import { parseAddress, parseMac, parsePrefix } from '../../config/address.js'
import { groupId, userId } from '../account.js'
import { DeviceError } from '../error.js'
import { resolveNamespace } from '../namespace.js'

/** IFNAMSIZ without its NUL (linux/if.h). */
const LONGEST_NAME = 15
/** MAX_TAP_QUEUES (drivers/net/tun.c) but one, which all write to. */
const QUEUES_MAX = 255

export interface TapRoute {
  /** A prefix, or `default`. */
  to: string
  /** The next hop. */
  via?: string
}

export interface TapOptions {
  /** The interface's name where it ends up. */
  name: string
  /** A name in /run/netns, a path, or `pid:N`; absent: our own. */
  netns?: string
  mac?: string
  /** Bytes. */
  mtu?: number
  /** With prefix lengths. */
  addresses?: readonly string[]
  routes?: readonly TapRoute[]
  /** False attaches to a TAP that is there, and leaves it as it was found. Default true. */
  create?: boolean
  /** Whether a device made here outlives us. Default false. */
  persist?: boolean
  /** Who else may attach to it. */
  owner?: string | number
  group?: string | number
}

/** `TAP 'eth0' in namespace 'web'`. */
export function describeTap({ name, netns }: TapOptions): string {
  return `TAP '${name}' in ${resolveNamespace(netns).label}`
}

/** Refuses what is wrong before anything is made. Throws a DeviceError or an InvalidError. */
export function checkTapOptions(options: TapOptions, queues: number): void {
  checkName(options)
  if (!Number.isInteger(queues) || queues < 1 || queues > QUEUES_MAX) {
    throw refusal(
      options,
      'E2BIG',
      `it was asked for ${queues} queues; it can have 1 to ${QUEUES_MAX}`,
    )
  }
  if (options.create === false) checkAttachment(options)
  if (options.mac !== undefined) parseMac(options.mac)
  for (const address of options.addresses ?? []) parsePrefix(address)
  for (const { to, via } of options.routes ?? []) {
    if (to !== 'default') parsePrefix(to)
    if (via !== undefined) parseAddress(via)
  }
  if (options.owner !== undefined) userId(options.owner)
  if (options.group !== undefined) groupId(options.group)
}

/** What dev_valid_name (net/core/dev.c) refuses; a `%` would make the kernel choose a number. */
function checkName(options: TapOptions): void {
  const length = Buffer.byteLength(options.name)
  if (length > LONGEST_NAME) {
    const reason = `its name has ${length} bytes; an interface's has ${LONGEST_NAME} at most`
    throw refusal(options, 'ENAMETOOLONG', reason)
  }
  if (!/^[^\s/:%\0]+$/.test(options.name) || /^\.\.?$/.test(options.name)) {
    const reason =
      'an interface\'s name is not empty, "." or "..", and has no space, "/", ":" or "%"'
    throw refusal(options, 'EINVAL', reason)
  }
}

function checkAttachment(options: TapOptions): void {
  const keys = ['mac', 'mtu', 'addresses', 'routes', 'persist', 'owner', 'group'] as const
  const given = keys.filter((key) => options[key] !== undefined)
  if (given.length === 0) return
  const reason = `with create: false it stays as it is, so that ${given.join(', ')} cannot be set; leave that out`
  throw refusal(options, 'EINVAL', reason)
}

/** An error that is ours, not the kernel's, in the kernel's terms. */
export function refusal(
  options: TapOptions,
  code: 'E2BIG' | 'EINVAL' | 'ENAMETOOLONG' | 'ENOENT' | 'EBUSY',
  reason: string,
): DeviceError {
  const call = { errno: -constants.errno[code], syscall: 'ioctl(TUNSETIFF)', device: options.name }
  const verb = options.create === false ? 'attach to' : 'create'
  return new DeviceError(code, `cannot ${verb} ${describeTap(options)}: ${reason}`, call)
}
