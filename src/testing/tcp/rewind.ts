/**
 * What going back means for connections. The network's side of one is put back like everything else; streams and
 * promises are a program's and stay as they are. So a connection goes on where the program has got no further with
 * it than it had then: it waits for data, say. Any other is gone at this end, as after a power cut, and the other
 * end hears of that when it sends something.
 */
import type { Keeper } from '../../memento/keeper.js'
import type { ConnectionTable } from './table.js'
import type { Tcb } from './tcb.js'

export function keepConnections(keeper: Keeper, table: ConnectionTable): void {
  const then = table.all().map((tcb) => ({ tcb, owner: tcb.events, isAsThen: tcb.events.mark() }))
  const known = new Map(then.map((one) => [one.tcb, one]))
  let gone: Tcb[] = []
  keeper.before(() => {
    gone = then.filter(({ isAsThen }) => !isAsThen()).map(({ tcb }) => tcb)
    const lost = new Set(gone)
    for (const tcb of table.all()) {
      const one = known.get(tcb)
      if (one === undefined || lost.has(tcb)) tcb.restored()
    }
    // Accepted since: it waits for that again, and whoever has it now is told.
    for (const { tcb, owner } of then) {
      if (tcb.events !== owner) tcb.events.failed(tcb.ends.restored())
    }
  })
  keeper.part(table)
  keeper.after(() => {
    for (const tcb of gone) tcb.forget()
    for (const { tcb, owner } of then) if (tcb.state !== 'CLOSED') owner.goesOn()
  })
}
