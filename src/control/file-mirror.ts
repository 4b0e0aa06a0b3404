/** Mirrors to files: one capture a file, which goes on whatever else of the config changes. */
import { pathKey } from '../config/names.js'
import type { Config, Mirror } from '../config/types.js'
import { CaptureOutput } from '../device/pcap/files.js'
import { Recording } from '../device/pcap/recording.js'
import { Feed, type FeedHost } from './feed.js'
import type { Step } from './transaction.js'

/** Whose frames go into a file. */
export interface MirrorSource {
  object: 'port' | 'bridge'
  name: string
  direction: Mirror['direction']
}

export interface MirrorHost extends FeedHost {
  /** Says what happened to a mirror, for the log. */
  reportMirror(source: MirrorSource, file: string, event: string, why?: string): void
}

/** Octets that may wait for the disk: what the rings of eight workers hold, and as much again. */
const WAITING_MAX = 16 << 20

class FileMirror {
  readonly #host: MirrorHost
  readonly #file: string
  readonly #output: CaptureOutput
  readonly #feed: Feed
  #source: MirrorSource
  #recording: Recording | undefined
  #failed = false

  /** Opens the file and takes a place among the captures; what is in the file stays till `follow`. */
  constructor(host: MirrorHost, file: string, source: MirrorSource) {
    this.#host = host
    this.#file = file
    this.#source = source
    this.#feed = new Feed(host, {
      record: (frame, options) => void this.#recording?.record(frame, options),
      lose: (frames) => this.#recording?.lose(frames),
    })
    try {
      this.#output = new CaptureOutput(file)
    } catch (error) {
      this.#feed.close()
      throw error
    }
  }

  /** Writes the frames of this source from now on, which is in the topology by now. */
  follow(source: MirrorSource): void {
    this.#source = source
    if (this.#failed) return
    this.#recording ??= this.#record()
    const { object, name, direction } = source
    const which = object === 'port' ? { port: name } : { bridge: name }
    this.#feed.watch({ ...which, ...(direction !== 'both' && { direction }) })
  }

  #record(): Recording {
    return Recording.into(this.#output, {
      limit: WAITING_MAX,
      onError: (why) => this.#fail(why),
      onDrop: () => this.#report('a mirror loses frames: they come faster than they are written'),
    })
  }

  #fail(why: string): void {
    this.#failed = true
    this.#feed.close()
    this.#report('a mirror has ended: its file cannot be written', why)
  }

  #report(event: string, why?: string): void {
    this.#host.reportMirror(this.#source, this.#file, event, why)
  }

  /** Before `follow`: leaves the file as it was. */
  abandon(): void {
    this.#feed.close()
    this.#output.abandon()
  }

  /** All that was captured is in the file when it returns. */
  close(): void {
    this.#feed.close()
    try {
      this.#recording?.close()
    } catch (error) {
      if (!this.#failed) this.#fail((error as Error).message)
    }
  }
}

export class FileMirrors {
  readonly #host: MirrorHost
  /** By file. */
  readonly #mirrors = new Map<string, FileMirror>()

  constructor(host: MirrorHost) {
    this.#host = host
  }

  /**
   * The step to the mirrors of a config. Files are opened by `prepare` and emptied by `finish`, so that
   * a change that fails leaves them as they were. It is to be the first to finish.
   */
  step(config: Config): Step & { prepare(): void; undo(): void; finish(): void } {
    const wanted = mirrorsOf(config)
    const opened = new Map<string, FileMirror>()
    const undo = () => {
      for (const mirror of opened.values()) mirror.abandon()
    }
    return {
      prepare: () => {
        try {
          for (const [key, { file, source }] of wanted) {
            if (this.#mirrors.has(key)) continue
            opened.set(key, new FileMirror(this.#host, file, source))
          }
        } catch (error) {
          undo()
          throw error
        }
      },
      undo,
      // What waits in the rings is of the ports and bridges as they still are.
      stage: () => this.#host.captures.drain(),
      finish: () => {
        for (const [key, mirror] of opened) this.#mirrors.set(key, mirror)
        for (const [key, mirror] of this.#mirrors) {
          const source = wanted.get(key)?.source
          if (source) mirror.follow(source)
          else this.#end(key, mirror)
        }
      },
    }
  }

  #end(key: string, mirror: FileMirror): void {
    this.#mirrors.delete(key)
    mirror.close()
  }

  /** All that was captured is in the files when it returns. */
  close(): void {
    for (const [key, mirror] of this.#mirrors) this.#end(key, mirror)
  }
}

/** By file: the config has seen to it that each is of one mirror. */
function mirrorsOf({
  bridges,
  ports,
}: Config): Map<string, { file: string; source: MirrorSource }> {
  const all = [
    ...Object.entries(bridges).map((entry) => ['bridge', ...entry] as const),
    ...Object.entries(ports).map((entry) => ['port', ...entry] as const),
  ]
  return new Map(
    all.flatMap(([object, name, { mirror }]) => {
      if (mirror?.file === undefined) return []
      const { file, direction } = mirror
      return [[pathKey(file), { file, source: { object, name, direction } }] as const]
    }),
  )
}
