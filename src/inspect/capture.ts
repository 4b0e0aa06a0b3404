/** Captures of an in-process switch: frames as they pass, given to a program. */
import { type FilterWords, parseFilter } from '../packet/filter.js'
import { type ObservedFrame, Observer, type ObserverHost } from './observer.js'

/** What is kept; all that is said must hold. As the options of `linkspan capture`, in words. */
export interface CaptureFilterWords extends FilterWords {
  /** Only frames that are dropped on their way in. */
  dropped?: boolean
  /** Most octets of a frame. */
  snapLength?: number
}

export type CaptureHandler = (frame: ObservedFrame) => void

/** A capture that is under way. */
export interface SwitchCapture extends Disposable {
  /** Ends it; what has passed by then is given first. Again is harmless. */
  close(): void
}

/** @throws LinkspanError INVALID or NOT_FOUND for the filter, LIMIT when as many run as can */
export function startCapture(
  host: ObserverHost,
  { dropped, snapLength, ...words }: CaptureFilterWords,
  onFrame: CaptureHandler,
): SwitchCapture {
  const filter = { ...parseFilter(words), dropped, snapLength }
  if (filter.port !== undefined) host.topology.port(filter.port)
  const observer = new Observer(host, onFrame)
  observer.watch(filter)
  const close = () => observer.close()
  return { close, [Symbol.dispose]: close }
}
