/** Many flows at once between two namespaces: numbered datagrams, and streams whose content is compared. */
import { PYTHON } from './exchange.js'
import { within } from './netns.js'
import { must, type Program, start } from './process.js'

const MANY = `
import hashlib, json, select, socket, struct, sys, threading
words = sys.argv[1:]
def content(number, length): return hashlib.sha256(b'%d' % number).digest() * (length // 32)
# What a super-frame was cut into takes several times its length of a socket's buffer: SO_RCVBUFFORCE.
def roomy(socket): socket.setsockopt(1, 33, 1 << 22)
`

/** Answers with the number, and with how many have come too early or too late from there. */
const ECHO = `${MANY}
here = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
roomy(here)
here.bind((words[0], int(words[1])))
print('ready', flush=True)
last, wrong = {}, {}
while True:
    octets, peer = here.recvfrom(2048)
    number, = struct.unpack('!I', octets[:4])
    if number != last.get(peer, -1) + 1: wrong[peer] = wrong.get(peer, 0) + 1
    last[peer] = number
    here.sendto(struct.pack('!II', number, wrong.get(peer, 0)), peer)
`

/** Few are under way at a time, so that no queue of the kernel overflows. */
const NUMBERED = `${MANY}
flows, count = int(words[2]), int(words[3])
class Flow:
    def __init__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        roomy(self.socket)
        self.socket.connect((words[0], int(words[1])))
        self.sent = self.answered = self.disordered = self.wrong = 0
        self.last = -1
    def send(self):
        self.socket.send(struct.pack('!I', self.sent) + bytes(200))
        self.sent += 1
    def receive(self):
        number, wrong = struct.unpack('!II', self.socket.recv(2048))
        if number != self.last + 1: self.disordered += 1
        self.last = number
        self.answered += 1
        self.wrong = wrong
all = [Flow() for _ in range(flows)]
while True:
    for flow in all:
        while flow.sent < count and flow.sent - flow.answered < 8: flow.send()
    waiting = [flow for flow in all if flow.answered < flow.sent]
    if not waiting: break
    ready, _, _ = select.select([flow.socket for flow in waiting], [], [], 5)
    if not ready: break
    for flow in waiting:
        if flow.socket in ready: flow.receive()
print(json.dumps({
    'answered': sum(flow.answered for flow in all),
    'disordered': sum(flow.disordered + flow.wrong for flow in all)}))
`

const DIGESTS = `${MANY}
listening = socket.create_server((words[0], int(words[1])), backlog=256)
print('ready', flush=True)
def serve(peer):
    digest = hashlib.sha256()
    while True:
        octets = peer.recv(1 << 16)
        if not octets: break
        digest.update(octets)
    peer.sendall(digest.digest() * 4096)
    peer.close()
while True:
    peer, _ = listening.accept()
    threading.Thread(target=serve, args=(peer,), daemon=True).start()
`

const STREAMS = `${MANY}
right = []
def stream(number):
    octets = content(number, int(words[3]))
    to = socket.create_connection((words[0], int(words[1])), timeout=20)
    to.sendall(octets)
    to.shutdown(socket.SHUT_WR)
    back = b''
    while True:
        more = to.recv(1 << 16)
        if not more: break
        back += more
    if back == hashlib.sha256(octets).digest() * 4096: right.append(number)
threads = [threading.Thread(target=stream, args=(number,)) for number in range(int(words[2]))]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(len(right))
`

export interface Place {
  /** Where it listens, and the address and port that it is called at. */
  netns: string
  at: readonly [address: string, port: number]
  called?: readonly [address: string, port: number]
}

async function serve(source: string, { netns, at }: Place): Promise<Program> {
  const program = start(within(netns, PYTHON, '-c', source, ...at.map(String)))
  await program.prints('ready')
  return program
}

async function call(source: string, from: string, to: Place, ...words: number[]): Promise<string> {
  const all = [...(to.called ?? to.at), ...words].map(String)
  return (await must(within(from, PYTHON, '-c', source, ...all))).trim()
}

export interface Numbered {
  answered: number
  /** Numbers that came where another was due, on the way there or back. */
  disordered: number
}

/** Sends so many numbered datagrams in each of so many flows at once, each answered. */
export async function numbered(from: string, to: Place, flows: number, count: number) {
  const server = await serve(ECHO, to)
  const told = await call(NUMBERED, from, to, flows, count)
  server.kill('SIGKILL')
  await server.end()
  return JSON.parse(told) as Numbered
}

/** Sends so many octets over each of so many connections at once, and gets 128 KiB back. @returns how many were right */
export async function streams(from: string, to: Place, connections: number, octets: number) {
  const server = await serve(DIGESTS, to)
  const told = await call(STREAMS, from, to, connections, octets)
  server.kill('SIGKILL')
  await server.end()
  return Number(told)
}

/** TCP segments that came to these namespaces before one that was due, so far: TCPOFOQueue of Linux. */
export async function outOfOrder(...namespaces: string[]): Promise<number> {
  const counts = namespaces.map(async (netns) => {
    const told = await must(within(netns, 'cat', '/proc/net/netstat'))
    const [names = '', values = ''] = told.split('\n').filter((line) => line.startsWith('TcpExt:'))
    const at = names.split(' ').indexOf('TCPOFOQueue')
    return Number(values.split(' ')[at])
  })
  return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0)
}
