/**
 * A kernel that refuses: what it does on other machines is played by a library before it, in a
 * process of its own.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { constants, tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { defer } from '../support/cleanup.js'
import { addressOf, wire } from '../support/underlay.js'
import { runScript } from './native-support.js'

const { EAGAIN, EINVAL, EIO, EMSGSIZE, ENOBUFS } = constants.errno

/** Refuses messages by what REFUSE names: those to be segmented, or those to a port. */
const library = `
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

static int segmented(struct msghdr *message) {
    struct cmsghdr *control = CMSG_FIRSTHDR(message);
    for (; control != NULL; control = CMSG_NXTHDR(message, control)) {
        if (control->cmsg_level == IPPROTO_UDP && control->cmsg_type == 103) return 1;
    }
    return 0;
}

static int to_port(struct msghdr *message, int port) {
    return ntohs(((struct sockaddr_in *)message->msg_name)->sin_port) == port;
}

int sendmmsg(int fd, struct mmsghdr *headers, unsigned count, int flags) {
    int (*real)(int, struct mmsghdr *, unsigned, int) = dlsym(RTLD_NEXT, "sendmmsg");
    int error = atoi(getenv("REFUSE_ERROR")), port = atoi(getenv("REFUSE_PORT"));
    fprintf(stderr, "%u ", count);
    for (unsigned i = 0; i < count; i++) {
        struct msghdr *message = &headers[i].msg_hdr;
        if (port == 0 ? segmented(message) : to_port(message, port)) {
            if (i > 0) return real(fd, headers, i, flags);
            errno = error;
            return -1;
        }
    }
    return real(fd, headers, count, flags);
}
`

function compiled(): string {
  const directory = mkdtempSync(join(tmpdir(), 'linkspan-'))
  defer(() => rmSync(directory, { recursive: true }))
  writeFileSync(join(directory, 'refuse.c'), library)
  const output = join(directory, 'refuse.so')
  execFileSync('cc', ['-shared', '-fPIC', '-o', output, join(directory, 'refuse.c'), '-ldl'])
  return output
}

interface Outcome {
  failures: { errno: number; frames: number }[]
  arrived: number[]
  /** Messages that each call of sendmmsg was given. */
  calls: number[]
}

/** Writes a list of payload lengths, port 9 where they are negative, twice. */
function outcome(error: number, port: number, lengths: readonly number[]): Outcome {
  const { ends } = wire()
  const script = `
    import { loadNative } from './device/native.js'
    import { UdpBench } from '../test/support/underlay-bench.js'
    const open = (netns, last) => {
      const { fd } = loadNative().namespaceOpen('/run/netns/' + netns)
      return loadNative().udpOpen(fd, Uint8Array.of(10, 9, 0, last), 4789, {})
    }
    const a = open('${ends[0]}', 1)
    const b = open('${ends[1]}', 2)
    const bench = new UdpBench(a.fd, b.fd)
    const list = ${JSON.stringify(lengths)}.map((length) => ({
      datagram: {
        source: '${addressOf(4, 0)}',
        destination: '${addressOf(4, 1)}',
        sourcePort: a.sourcePort,
        destinationPort: length < 0 ? 9 : 4789,
        payload: new Uint8Array(Math.abs(length)),
      },
    }))
    const failures = [bench.write(list), bench.write(list)].flat()
    const arrived = bench.read(b.fd).map(({ payload }) => payload.length)
    console.log(JSON.stringify({ failures, arrived }))
  `
  const refuse = [`REFUSE_ERROR=${error}`, `REFUSE_PORT=${port}`, `LD_PRELOAD=${compiled()}`]
  const { status, stdout, stderr } = runScript(script, 'env', ...refuse)
  expect([status, stderr]).toEqual([0, expect.stringMatching(/^[\d ]*$/)])
  const calls = stderr.trim().split(' ').map(Number)
  return { ...(JSON.parse(stdout) as Omit<Outcome, 'calls'>), calls }
}

test('EIO: datagrams go one by one, and are not put together any more', () => {
  const sizes = [500, 500, 500, 70]
  const { failures, arrived, calls } = outcome(EIO, 0, sizes)
  expect(failures).toEqual([])
  expect(arrived).toEqual([...sizes, ...sizes])
  // Refused, one by one; then all in one call, as messages of their own.
  expect(calls).toEqual([1, 1, 1, 1, 1, 4])
})

test('EINVAL and EMSGSIZE of a run that is not too big cost calls, no datagram', () => {
  for (const error of [EINVAL, EMSGSIZE]) {
    const { failures, arrived } = outcome(error, 0, [500, 500, 70])
    expect(failures).toEqual([])
    expect(arrived).toEqual([500, 500, 70, 500, 500, 70])
  }
})

test('EINVAL of a run that is too big, as kernels before Linux 6.14 say, is EMSGSIZE', () => {
  const { failures, arrived } = outcome(EINVAL, 0, [2000, 2000, 70])
  expect(failures).toMatchObject([
    { errno: EMSGSIZE, frames: 2 },
    { errno: EMSGSIZE, frames: 2 },
  ])
  expect(arrived).toEqual([70, 70])
})

test.each([EAGAIN, ENOBUFS])('errno %i in the middle of a call: the rest is sent', (error) => {
  const { failures, arrived } = outcome(error, 9, [100, 50, -30, 60, -31, -31, 70])
  expect(failures).toMatchObject([
    { errno: error, frames: 3 },
    { errno: error, frames: 3 },
  ])
  const once = [150, 60, 70]
  expect(arrived).toEqual([...once, ...once])
})
