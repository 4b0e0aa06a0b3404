/** Octets that two namespaces exchange, compared one by one: TCP streams and UDP datagrams. */
import { createHash } from 'node:crypto'
import { within } from './netns.js'
import { must, type Program, start } from './process.js'

export const PYTHON = '/usr/bin/python3'

const SOCKET = `
import hashlib, socket, sys
words = sys.argv[1:]
def family(address): return socket.AF_INET6 if ':' in address else socket.AF_INET
def pattern(length): return (bytes(range(251)) * (length // 251 + 1))[:length]
`

const TCP_SERVER = `${SOCKET}
listening = socket.create_server((words[0], 7007), family=family(words[0]))
print('ready', flush=True)
peer, _ = listening.accept()
digest, count = hashlib.sha256(), 0
while True:
    octets = peer.recv(1 << 18)
    if not octets: break
    digest.update(octets)
    count += len(octets)
peer.sendall(digest.hexdigest().encode())
print(count, digest.hexdigest(), flush=True)
`

const TCP_CLIENT = `${SOCKET}
to = socket.create_connection((words[0], 7007), timeout=20)
to.sendall(pattern(int(words[1])))
to.shutdown(socket.SHUT_WR)
print(to.recv(64).decode())
`

const UDP_SERVER = `${SOCKET}
here = socket.socket(family(words[0]), socket.SOCK_DGRAM)
here.bind((words[0], 7007))
print('ready', flush=True)
while True:
    octets, peer = here.recvfrom(65536)
    here.sendto(octets, peer)
`

/** Each size is asked for thrice at most: a first fragment may wait for a neighbour in vain. */
const UDP_CLIENT = `${SOCKET}
to = socket.socket(family(words[0]), socket.SOCK_DGRAM)
to.connect((words[0], 7007))
to.settimeout(4)
for size in map(int, words[1].split(',')):
    for attempt in range(3):
        to.send(pattern(size))
        try:
            if to.recv(65536) == pattern(size):
                print(size)
                break
        except TimeoutError: pass
`

const python = (netns: string, source: string, ...words: string[]) =>
  within(netns, PYTHON, '-c', source, ...words)

async function serve(netns: string, source: string, address: string): Promise<Program> {
  const program = start(python(netns, source, address))
  await program.prints('ready')
  return program
}

/** The digest of what `sendTcp` sends. */
export function digestOf(length: number): string {
  const pattern = Buffer.alloc(
    length,
    Uint8Array.from({ length: 251 }, (_, octet) => octet),
  )
  return createHash('sha256').update(pattern).digest('hex')
}

/** Sends octets over TCP. @returns the digest of what came, as both ends say */
export async function sendTcp(from: string, to: string, address: string, length: number) {
  const server = await serve(to, TCP_SERVER, address)
  const told = (await must(python(from, TCP_CLIENT, address, String(length)))).trim()
  const { stdout } = await server.end()
  return stdout.includes(`${length} ${told}`) ? told : `${stdout} and ${told}`
}

/** Sends datagrams over UDP that come back. @returns the sizes of those that did, unchanged */
export async function echoUdp(
  from: string,
  to: string,
  address: string,
  sizes: readonly number[],
): Promise<number[]> {
  const server = await serve(to, UDP_SERVER, address)
  const told = await must(python(from, UDP_CLIENT, address, sizes.join()))
  server.kill()
  await server.end()
  return told.trim().split('\n').map(Number)
}
