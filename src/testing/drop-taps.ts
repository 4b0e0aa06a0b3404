/** What a switch drops on its way in, for all who look at it. */
import type { Keeper } from '../memento/keeper.js'
import type { ObservedFrame, Switch, SwitchCapture } from '../switch.js'
import type { Direction } from './link/settings.js'

/** A frame that a switch dropped on its way in. */
export interface DroppedFrame {
  readonly frame: Uint8Array
  readonly port: string
  /** By which link it came, and in which direction of that; null: the port has none. */
  readonly link: string | null
  readonly direction: Direction
  /** A drop reason. */
  readonly reason: string
}

export type DropTap = (dropped: DroppedFrame) => void

/** The end of a link that a port is. */
export interface PortLink {
  readonly link: string
  /** In which direction of the link frames come to the port. */
  readonly direction: Direction
}

export class DropTaps {
  readonly #taps = new Set<DropTap>()
  #capture: SwitchCapture | undefined

  constructor(
    private readonly production: Switch,
    private readonly links: ReadonlyMap<string, PortLink>,
  ) {}

  /** Returns what ends it. */
  add(tap: DropTap): () => void {
    this.#taps.add(tap)
    this.#look()
    return () => {
      this.#taps.delete(tap)
      if (this.#taps.size > 0) return
      this.#capture?.close()
      this.#capture = undefined
    }
  }

  /** However many look, the switch is asked once: it has room for few who do. */
  #look(): void {
    this.#capture ??= this.production.capture({ dropped: true }, (seen) => this.#take(seen))
  }

  #take({ frame, port, dropped }: ObservedFrame): void {
    const { link = null, direction = 'out' } = this.links.get(port) ?? {}
    const reason = dropped?.reason ?? ''
    for (const tap of this.#taps) tap({ frame, port, link, direction, reason })
  }

  /** Who looks on is a capture's; what was closed since stays closed, and is asked for anew. @internal */
  keep(keeper: Keeper): void {
    const taps = [...this.#taps]
    keeper.handles([], () => {
      this.#taps.clear()
      for (const tap of taps) this.#taps.add(tap)
      this.#capture?.close()
      this.#capture = undefined
      if (taps.length > 0) this.#look()
    })
  }
}
