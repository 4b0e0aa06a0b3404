/** One descriptor and one rtnetlink socket a namespace, however many devices stand in it. */
import { attempt } from './error.js'
import {
  identifyNamespace,
  type NamespaceReference,
  type OpenNamespace,
  openNamespace,
  resolveNamespace,
} from './namespace.js'
import { loadNative } from './native.js'
import { RouteSocket } from './netlink/socket.js'

const shared = new Map<string, SharedNamespace>()

/**
 * Descriptor and socket both keep the namespace alive, and with it every device in it: whoever
 * holds one of these must release it when the namespace's name is gone.
 */
export class SharedNamespace {
  readonly #key: string
  #holders = 0

  private constructor(
    key: string,
    readonly opened: OpenNamespace,
    readonly routes: RouteSocket,
  ) {
    this.#key = key
  }

  /** @param spec as for resolveNamespace. Throws a DeviceError that names the namespace. */
  static acquire(spec: string | undefined): SharedNamespace {
    const reference = resolveNamespace(spec)
    const identity = identifyNamespace(reference.path)
    const existing = shared.get(`${identity?.device}:${identity?.inode}`)
    const namespace = existing ?? SharedNamespace.#open(reference)
    namespace.#holders++
    return namespace
  }

  static #open(reference: NamespaceReference): SharedNamespace {
    const opened = openNamespace(reference)
    const what = `configure interfaces in ${reference.label}`
    const hints = { EPERM: 'it takes CAP_SYS_ADMIN: run as root' }
    try {
      const key = `${opened.device}:${opened.inode}`
      const device = reference.path
      const routes = attempt({ what, device, hints }, () => RouteSocket.open(opened.fd))
      const namespace = new SharedNamespace(key, opened, routes)
      shared.set(key, namespace)
      return namespace
    } catch (error) {
      closeNamespace(opened)
      throw error
    }
  }

  /** Of one acquisition, once. The last one closes. */
  release(): void {
    if (--this.#holders > 0) return
    shared.delete(this.#key)
    this.routes.close()
    closeNamespace(this.opened)
  }
}

function closeNamespace({ fd }: OpenNamespace): void {
  if (fd >= 0) loadNative().close(fd)
}
