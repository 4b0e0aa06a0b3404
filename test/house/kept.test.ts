/** A class with state that has a `keep` names all of it there: a field that is forgotten would not go back. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { filesBelow } from '../../scripts/lib/files.js'
import { at } from '../../scripts/lib/house.js'

/** Rooms whose state a lab's is made of. */
const ROOMS = ['src/testing', 'src/impair']
/** Of other rooms, what a switch in the process is made of. */
const FILES = [
  'src/switch.ts',
  'src/switch/config.ts',
  'src/switch/turns.ts',
  'src/device/memory.ts',
  'src/device/memory-overlay.ts',
  'src/device/memory-underlay.ts',
  'src/device/memory-io.ts',
  'src/device/memory-ports.ts',
  'src/dataplane/path-mtu.ts',
  'src/dataplane/topology.ts',
  'src/dataplane/topology-state.ts',
  'src/dataplane/domains.ts',
  'src/dataplane/entries.ts',
  'src/dataplane/filter.ts',
  'src/dataplane/nat.ts',
  'src/dataplane/numbers.ts',
  'src/dataplane/pending.ts',
  'src/dataplane/router.ts',
  'src/dataplane/router-neighbors.ts',
  'src/dataplane/translation.ts',
  'src/dataplane/tunnel-plans.ts',
  'src/worker/loop.ts',
]

/**
 * Fields that change and are no state of the network, by `Class.field`: what a program holds, what is made anew for
 * each frame, what is known by what it is made of. `Class` alone: all of it.
 */
const NOT_KEPT: Readonly<Record<string, string>> = {
  Pump: 'makes time pass, and is told what a program asks; its runs are kept',
  Macrotask: 'an event of the computer',
  Heap: 'made anew from the list of events',
  'Timeline.onEvent': 'set once',
  'Timeline.source': 'set once',
  'Timeline.#last': 'found again',
  'Timeline.#instants': 'made anew from the events in them',
  'Timeline.#never': 'made anew from the events in it',
  Senders: 'written when it is made',
  'Event.instant': 'kept by the timeline',
  'Waits.onWait': 'set once',
  'Waits.woke': 'of the turn that is under way',
  'Waits.#given': 'of programs',
  Deferred: 'a promise: of a program',
  TcpConnection: 'of a program; rewind.ts says what becomes of it',
  HostAddress: 'its text',
  Seen: 'addresses are the same whoever reads them',
  SegmentBuffers: 'where the segment is made that is sent next',
  Segment: 'the one in hand',
  'Reading.#controller': 'of a program',
  'Reading.#wait': 'of a program',
  'Reading.isOver': 'where it has changed the connection does not go on',
  'Writing.#controller': 'of a program',
  'Filling.#rest': 'where it has changed the connection does not go on',
  'Writing.#written': 'where it has changed the connection does not go on',
  'Writing.#closed': 'where it has changed the connection does not go on',
  'Writing.#isOver': 'where it has changed the connection does not go on',
  'Pending.tcb': 'set once',
  'TcpServer.onOpened': 'set once',
  'UdpSocket.onFailure': 'set once',
  'TcpTransport.#isSending': 'of the event that is under way',
  'Series.#done': 'set once',
  'Output.#blocks': 'written anew for each segment',
  'ConnectionTable.#last': 'found again',
  'Way.#verdict': 'on the frame in hand',
  'Dice.lost': 'of the frame in hand',
  'Dice.bit': 'of the frame in hand',
  'Dice.shift': 'of the frame in hand',
  'Plug.port': 'kept by the switch',
  'SwitchTurns.#running': 'of the event that is under way',
  'SwitchTurns.#production': 'kept by its LabSwitch',
  'SwitchTurns.#clock': "the lab's",
  'UnderlayEnd.#peers': 'addresses are the same whoever reads them',
  'Lab.#unreported': 'whoever has not been told yet is told all the same',
  'Lab.#closed': 'no way leads back from there',
  Lab: 'its parts are kept by LabState',
  Inventory: 'kept by LabState',
  'Waits.#answers': 'how many of those that wait are no loops',
  'MemoryOverlay.#topology': 'kept by the switch',
  'MemoryOverlay.#io': 'kept by the switch',
  Immediates: 'of the computer',
  Threads: 'of the computer',
  Walk: 'made anew for each explanation',
  Going: 'made anew for each look at a capture',
  Owners: 'made anew for each look at a capture',
  Patches: 'of the program',
  'FakeTimers.#isOver': 'no way leads back from there',
  'FakeTimeout.#wait': 'made anew from its event',
  'FakeTimeout.#home': 'another one only behind the end of the lab',
  'FakeTimeout.#id': 'another one only behind the end of the lab',
  'FakeTimeout.#alarm': 'set only behind the end of the lab',
  LabHttpsAgent: 'of a program',
  DatagramGroups: 'of a socket of a program',
  LabDatagramSocket: 'of a program; its socket is kept',
  Listening: 'of a program; its server is kept',
  LabServer: 'of a program; its server is kept',
  LabSocketPlaces: 'of a program',
  LabSocket: 'of a program; its connection is kept',
  'TcpEnd.#written': 'where it has changed the connection does not go on',
  'TcpEnd.#hasEnded': 'where it has changed the connection does not go on',
  'TcpEnd.#closedAt': 'where it has changed the connection does not go on',
  'TcpEnd.#isOver': 'where it has changed the connection does not go on',
  'TcpEnd.#isWanted': 'of a program',
  'TcpEnd.#isRefed': 'of a program',
  'TcpEnd.#wait': 'of a program',
  'Stack.#transports': 'set once',
  'Stack.clock': "the lab's",
  'Stack.icmp': 'one of its transports',
  Host: 'its parts are transports of its stack',
  'TcpTransport.#stack': 'it is what keeps this',
  'Sender.timeout': 'kept by the flight',
  'Sender.congestion': 'kept by the flight',
  'RouterNeighbors.#domains': 'kept by the topology',
  'Turns.#turning': 'it stands still',
}

interface Found {
  readonly name: string
  readonly fields: readonly string[]
  readonly keep: string
}

/** Fields that are not `readonly`, tables that are, parts that are kept themselves, and what `keep` says. */
function classesOf(source: string, kept: ReadonlySet<string>): Found[] {
  return bodiesOf(source).map(([name, body]) => {
    const declared = [
      ...body.matchAll(/^ {2}((?:readonly )?)(#?\w+)(: (?:[^=\n]|=>)*)?(?: = (.*))?$/gm),
    ]
    const fields = declared.filter(([, readonly, , type = '', value = '']) => {
      const isTable = /^(new (Map|Set|WeakMap|AddressMap)\b|\[\])/.test(value)
      const isPart = [...`${type} ${value}`.matchAll(/\w+/g)].some(([word]) => kept.has(word))
      return readonly === '' || isTable || isPart
    })
    return { name, fields: fields.map(([, , field = '']) => field), keep: keepOf(body) }
  })
}

const bodiesOf = (source: string) =>
  [...source.matchAll(/^(?:export )?class (\w+)[^{]*\{\n(.*?)^\}$/gms)].map(
    ([, name = '', body = '']) => [name, body] as const,
  )

const keepOf = (body: string) =>
  /^ {2}(?:override )?#?keep\(.*?\{\n(.*?)^ {2}\}$/ms.exec(body)?.[1] ?? ''

const files = [
  ...ROOMS.flatMap((room) => filesBelow(at(room), (name: string) => name.endsWith('.ts'))),
  ...FILES.map((name) => at(name)),
]
const sources = files.map((file: string) => readFileSync(file, 'utf8'))
const kept = new Set(
  sources.flatMap(bodiesOf).flatMap(([name, body]) => (keepOf(body) === '' ? [] : [name])),
)
const classes = sources.flatMap((source) => classesOf(source, kept))

test('there are classes with state', () => {
  expect(classes.filter(({ keep }) => keep !== '').length).toBeGreaterThan(50)
})

test('what changes is kept, or said not to be', () => {
  const forgotten = classes.flatMap(({ name, fields, keep }) =>
    fields
      .filter((field) => !new RegExp(`this\\.${field}\\b`).test(keep))
      .map((field) => `${name}.${field}`)
      .filter((field) => !(field in NOT_KEPT || name in NOT_KEPT)),
  )
  expect(forgotten).toEqual([])
})

test('what is said not to be kept is there', () => {
  const names = new Set(
    classes.flatMap(({ name, fields }) => [name, ...fields.map((field) => `${name}.${field}`)]),
  )
  expect(Object.keys(NOT_KEPT).filter((name) => !names.has(name))).toEqual([])
})
