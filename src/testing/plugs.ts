/** The ports of a switch that links lead to. Those asked for one after the other are made in one step. */
import { quote } from '../config/describe.js'
import type { PortInput } from '../config/types.js'
import { LinkspanError } from '../error.js'
import type { Keeper } from '../memento/keeper.js'
import type { MemoryPort, Switch } from '../switch.js'
import type { PortLink } from './drop-taps.js'
import type { Sink } from './link/way.js'
import { FIRST } from './uplinks.js'

/** A port, from when it is asked for. */
class Plug {
  port: MemoryPort | undefined

  constructor(
    readonly name: string,
    readonly input: PortInput,
    readonly sink: Sink,
  ) {}
}

export class Plugs {
  /** Those that are to be made. */
  #asked: Plug[] = []
  /** By name, all that are no uplinks. */
  readonly #plugged = new Map<string, Plug>()
  readonly #links = new Map<string, PortLink>()

  /** @param came is told when a frame was sent into the switch */
  constructor(
    private readonly production: Switch,
    private readonly switchName: string,
    private readonly came: () => void,
  ) {}

  /** The links by their ports' names. */
  get links(): ReadonlyMap<string, PortLink> {
    return this.#links
  }

  /**
   * A port for a link; what the switch sends goes to `sink`. Returns where to send frames.
   *
   * @throws LinkspanError code `EXISTS` or `LIMIT`
   */
  add(name: string, input: PortInput, sink: Sink): Sink {
    this.mustHaveRoom([name])
    const plug = new Plug(name, input, sink)
    this.#asked.push(plug)
    // What is not plain may be wrong: it is made at once, so that whoever asks is told.
    if (Object.keys(input).length > 1) this.#flushOrForget(plug)
    this.#plugged.set(name, plug)
    this.#links.set(name, { link: name, direction: 'out' })
    return this.#sender(plug)
  }

  /** The same for a port that is there: an uplink's, where the link's first end is. */
  addUplink(name: string, link: string, sink: Sink): Sink {
    this.#links.set(name, { link, direction: 'in' })
    const plug = new Plug(name, { bridge: '' }, sink)
    plug.port = this.production.ports.get(name) as MemoryPort
    plug.port.onFrame(sink)
    return this.#sender(plug)
  }

  /**
   * @param names of ports to come
   * @param others ports to come without a name here
   * @throws LinkspanError code `EXISTS` where a port has one of the names, `LIMIT`
   */
  mustHaveRoom(names: readonly string[], others = 0): void {
    const { uplinks, capacity } = this.production.config
    const who = `switch ${quote(this.switchName)}`
    const old = names.find((name) => this.#plugged.has(name) || Object.hasOwn(uplinks, name))
    if (old !== undefined) throw new LinkspanError('EXISTS', `${who} has a port ${quote(old)}`)
    const asked = this.production.ports.size + this.#asked.length + names.length + others
    if (asked <= capacity.ports) return
    const where = this.switchName === FIRST ? '"config" of createLab' : 'the config of lab.switch'
    const problem = `${who} has room for ${capacity.ports} ports`
    throw new LinkspanError('LIMIT', `${problem}: raise capacity.ports in ${where}`)
  }

  #sender(plug: Plug): Sink {
    return (frame) => {
      if (plug.port === undefined) this.flush()
      plug.port?.send(frame)
      this.came()
    }
  }

  #flushOrForget(plug: Plug): void {
    try {
      this.flush()
    } catch (error) {
      this.#asked = this.#asked.filter((other) => other !== plug)
      throw error
    }
  }

  /** Makes the ports that were asked for. */
  flush(): void {
    if (this.#asked.length === 0) return
    const ports = this.production.addPorts(
      Object.fromEntries(this.#asked.map(({ name, input }) => [name, input])),
    )
    for (const plug of this.#asked) {
      plug.port = ports.get(plug.name) as MemoryPort
      plug.port.onFrame(plug.sink)
    }
    this.#asked = []
  }

  keep(keeper: Keeper): void {
    keeper.map(this.#plugged, (plug) => {
      keeper.handles([plug.port], (port) => {
        plug.port = port
      })
    })
    const asked = [...this.#asked]
    keeper.handles([], () => {
      this.#asked = [...asked]
    })
    keeper.map(this.#links)
  }
}
