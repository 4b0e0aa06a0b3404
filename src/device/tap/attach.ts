/**
 * Attaching to a TAP that is there. TUNSETIFF makes a device when it finds none of the name, so
 * that rtnetlink is asked before and after. The queues have to be opened in the device's namespace,
 * which they keep alive from then on: it cannot end before they are closed.
 */
import { attempt } from '../error.js'
import type { SharedNamespace } from '../namespace-share.js'
import { loadNative, type Native } from '../native.js'
import type { Link, TunInfo } from '../netlink/link.js'
import { probeTapOffloads, setTapOffloads } from '../offload.js'
import type { OpenedTap } from './create.js'
import { describeTap, refusal, type TapOptions } from './options.js'
import { closeQueues, openQueues, TAP_FLAGS, tapHints, VNET_HEADER_SIZE } from './queue.js'

const { TAP, MULTI_QUEUE, NO_PI, VNET_HDR } = TAP_FLAGS

/** One queue where the device has only one, whatever `count` says. */
export function attachTap(
  options: TapOptions,
  namespace: SharedNamespace,
  count: number,
): OpenedTap {
  const native = loadNative()
  const link = find(options, namespace)
  const { multiQueue } = checkTap(options, link)
  const hints = { ...tapHints, EBUSY: 'another program has it open' }
  const step = { what: `attach to ${describeTap(options)}`, device: options.name, hints }
  const flags = TAP | NO_PI | VNET_HDR | (multiQueue ? MULTI_QUEUE : 0)
  const opened = attempt(step, () =>
    openQueues(native, multiQueue ? count : 1, () => {
      return native.tapOpen(options.name, flags, namespace.opened.fd).fd
    }),
  )
  try {
    if (namespace.routes.link(options.name)?.index !== link.index) throw missing(options)
    const set = attempt(step, () => takeOver(native, opened.queues[0] ?? -1))
    return { ...opened, interfaceIndex: link.index, ours: false, ...set }
  } catch (error) {
    closeQueues(native, opened)
    throw error
  }
}

function find(options: TapOptions, { routes }: SharedNamespace): Link {
  const link = routes.link(options.name)
  if (link === undefined) throw missing(options)
  return link
}

function missing(options: TapOptions) {
  const advice = `"ip tuntap add ${options.name} mode tap multi_queue" makes one`
  return refusal(options, 'ENOENT', `there is no interface of that name; ${advice}`)
}

function checkTap(options: TapOptions, { kind, tun }: Link): TunInfo {
  if (tun?.type !== 'tap') {
    const found = tun?.type ?? (kind === '' ? 'a network card' : kind)
    throw refusal(options, 'EINVAL', `it is no TAP but ${found}`)
  }
  // Header size and offloads belong to the device: two programs cannot both have theirs.
  if (tun.multiQueue && tun.queues > 0) {
    throw refusal(options, 'EBUSY', `another program has ${tun.queues} of its queues open`)
  }
  return tun
}

/** Header size and offloads outlive the queues of a persistent device, so both are put back. */
function takeOver(native: Native, queue: number): Pick<OpenedTap, 'offloads' | 'restore'> {
  const headerSize = native.tapVnetHeaderSize(queue)
  native.tapSetVnetHeaderSize(queue, VNET_HEADER_SIZE)
  const restore = () => {
    // There is no asking what they were; none is what a TAP starts with, and what a program that
    // attaches without a word about them expects.
    setTapOffloads(native, queue, 0)
    native.tapSetVnetHeaderSize(queue, headerSize)
  }
  try {
    return { offloads: probeTapOffloads(native, queue), restore }
  } catch (error) {
    restore()
    throw error
  }
}
