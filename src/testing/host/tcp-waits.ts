/** Who waits for TCP, told to the lab: time moves for them, and they are told where nothing can come. */
import type { Waits } from '../clock/wait.js'
import type { Waits as TcpWaits } from '../tcp/waits.js'

/** @param who as a sentence has it: `host "a"` */
export function tcpWaits(who: string, waits: Waits): TcpWaits {
  return {
    begin: (what, fail) =>
      // Whatever a handler threw may be the error: it is handed on as it is.
      waits.add(
        () => `${who} waits for ${what}`,
        fail as ((error: unknown) => void) | undefined,
        'owned',
      ),
    woke: () => {
      waits.woke = true
    },
  }
}
