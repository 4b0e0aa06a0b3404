// The switch's tables, as they stand: MAC addresses, flows with NAT, and why frames were dropped.

/** @returns {HTMLElement[]} */
export function tables(lab, links) {
  const { production } = lab.switch()
  const owners = new Map([...lab.hosts.values()].map(({ mac, name }) => [mac, name]))
  return [
    table('MAC addresses', ['bridge', 'MAC', 'of', 'port', 'seen'], fdb(production, owners)),
    table('Flows', ['', 'from', 'to', 'seen outside as', 'state', 'ends in'], flows(production)),
    table('Lost and dropped', ['where', 'why', 'frames'], drops(production, links)),
  ]
}

const seconds = (ms) => `${(ms / 1000).toFixed(1)} s`

const fdb = (production, owners) =>
  production.fdb
    .list()
    .sort((a, b) => (a.bridge + a.port + a.mac < b.bridge + b.port + b.mac ? -1 : 1))
    .map(({ bridge, mac, port, age }) => [
      bridge,
      mac,
      owners.get(mac) ?? 'router',
      port,
      age === null ? '' : `${seconds(age)} ago`,
    ])

const end = (address, port) => (port ? `${address}:${port}` : address)

/** Where NAT has changed it, an answer goes to another address than the one that asked. */
const flows = (production) =>
  [...production.flows.list()].map(({ protocol, original, reply, nat, state, expires }) => [
    protocol,
    end(original.source, original.sourcePort),
    end(original.destination, original.destinationPort),
    nat.length > 0 ? end(reply.destination, reply.destinationPort) : '',
    state,
    seconds(expires),
  ])

function drops(production, links) {
  const lost = links.flatMap(({ name, counters }) =>
    Object.entries(counters.drops)
      .filter(([, frames]) => frames > 0)
      .map(([reason, frames]) => [`link ${name}`, reason, frames]),
  )
  const dropped = production
    .drops()
    .map(({ port, reason, frames }) => [`port ${port}`, reason, frames])
  return [...lost, ...dropped]
}

function table(title, head, rows) {
  const element = document.createElement('table')
  element.createCaption().textContent = title
  const line = element.createTHead().insertRow()
  for (const word of head) {
    line.append(Object.assign(document.createElement('th'), { scope: 'col', textContent: word }))
  }
  const body = element.createTBody()
  for (const row of rows) {
    const cells = body.insertRow()
    for (const word of row) cells.insertCell().textContent = word
  }
  if (rows.length === 0) body.insertRow().insertCell().textContent = 'none'
  return element
}
