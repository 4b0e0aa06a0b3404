/** Mirrors to ports, by name: which ports are the target of one, and whose frames go there. */
import type { Mirror } from '../config/types.js'

type Mirroring = { readonly mirror?: Mirror | undefined }

export interface MirroringPort {
  index: number
  bridge: string
  policy?: Mirroring | undefined
}

export class Mirrors {
  readonly #bridges: ReadonlyMap<string, Mirroring>
  readonly #ports: ReadonlyMap<string, MirroringPort>
  /** Kept, since it is asked for every port that is written and every frame that is captured. */
  #targets: ReadonlySet<string> | undefined

  constructor(bridges: ReadonlyMap<string, Mirroring>, ports: ReadonlyMap<string, MirroringPort>) {
    this.#bridges = bridges
    this.#ports = ports
  }

  /** To be called when a mirror to a port came, went or changed. */
  changed(): void {
    this.#targets = undefined
  }

  isTarget(port: string): boolean {
    this.#targets ??= this.#find()
    return this.#targets.has(port)
  }

  #find(): ReadonlySet<string> {
    const ports = Array.from(this.#ports.values(), ({ policy }) => policy)
    const all = [...this.#bridges.values(), ...ports]
    return new Set(all.flatMap((each) => each?.mirror?.port ?? []))
  }

  /** Numbers of the ports whose frames are mirrored to a port. */
  *mirroredTo(target: string): Generator<number> {
    if (!this.isTarget(target)) return
    for (const { index, bridge, policy } of this.#ports.values()) {
      const mirrors = [policy?.mirror, this.#bridges.get(bridge)?.mirror]
      if (mirrors.some((mirror) => mirror?.port === target)) yield index
    }
  }
}
