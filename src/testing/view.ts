/** What those see of a lab who tell of it. */
import type { Bridge } from './bridge.js'
import type { LabCapture } from './capture.js'
import type { Host } from './host/host.js'
import type { LabSwitch } from './lab-switch.js'
import type { Link } from './link/link.js'

export interface LabView {
  readonly hosts: ReadonlyMap<string, Host>
  readonly bridges: ReadonlyMap<string, Bridge>
  readonly switches: ReadonlyMap<string, LabSwitch>
  readonly links: ReadonlyMap<string, Link>
  /** Of all links, in the order in which they were begun. */
  readonly captures: readonly LabCapture[]
}
