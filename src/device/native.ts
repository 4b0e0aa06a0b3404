/** The addon in `native/`: system calls, typed. What each does stands beside it in C. */

import { createRequire } from 'node:module'
import { constants } from 'node:os'
import { fileURLToPath } from 'node:url'
import { DeviceError } from './error.js'

declare const memoryHandle: unique symbol
declare const watchHandle: unique symbol
declare const ringHandle: unique symbol

/** A WebAssembly memory that the addon reads and writes. */
export interface MemoryHandle {
  readonly [memoryHandle]: true
}

/** A descriptor that is being watched. */
export interface WatchHandle {
  readonly [watchHandle]: true
}

/** A ring of what comes in at an interface; of the thread that opened it. */
export interface RingHandle {
  readonly [ringHandle]: true
}

export interface UdpSockets {
  /** Source ports to send from, a socket each: 1 to 1024, 64 unless told. */
  count?: number | undefined
  /** TTL or hop limit of datagrams whose header has none: 1 to 255, 64 unless told. */
  ttl?: number | undefined
  /** Others may be opened at the same place, each with `share`. */
  reuseport?: boolean
  /** The descriptor of a queue at the same place, whose source ports it has too. */
  share?: number | undefined
  /** False: no UDP_SEGMENT, as where the kernel refuses it. */
  segments?: boolean
}

export interface UdpQueue {
  fd: number
  /** Readable while there are errors; closed with the last queue that shares it. */
  errors: number
  /** The first of `sourcePorts`. */
  sourcePort: number
  sourcePorts: number
}

/** An ICMP message about a datagram, or that the kernel knows it to be too big for the way. */
export interface UdpErrorRecord {
  /** Where it was sent to. */
  address: string
  /** 0 where the kernel itself knows that it is too big, over IPv4. */
  port: number
  /** Positive, as Linux has it: 90 (EMSGSIZE), 111 (ECONNREFUSED), 113 (EHOSTUNREACH). */
  errno: number
  /** Of the ICMP message; both 0 where there was none. */
  type: number
  code: number
  /** Octets of the IP packet for which there is room where it was too big; else 0. */
  mtu: number
  /** Who says so; empty where it is the kernel itself. */
  offender: string
}

export interface UdpCounters {
  /** Of this queue: no room in its socket, or a wrong checksum. */
  drops: number
  /** Of all UDP sockets of its namespace and IP version. */
  checksumErrors: number
  bufferErrors: number
}

/**
 * All descriptors are numbers; `fd` arguments of -1 mean "our own namespace" where one is wanted.
 * A failed call throws an Error with `code`, `errno`, `syscall` and `device`. Addresses are byte
 * offsets in the attached memory; the records that lie there are drawn in `native/abi.h`.
 */
export interface Native {
  /** The IFF_* bits that the kernel's TUN driver knows. */
  tapFeatures(): number
  /** One queue of a TAP; makes the device when there is none of the name in the namespace. */
  tapOpen(name: string, flags: number, namespaceFd?: number): { fd: number; name: string }
  tapInfo(fd: number): { name: string; flags: number }
  tapSetOffload(fd: number, mask: number): void
  tapVnetHeaderSize(fd: number): number
  tapSetVnetHeaderSize(fd: number, bytes: number): void
  /** Takes a queue of several out of those that frames come by; it can still be written to. */
  tapDetach(fd: number): void
  tapSetPersist(fd: number, on: 0 | 1): void
  tapSetOwner(fd: number, uid: number): void
  tapSetGroup(fd: number, gid: number): void
  close(fd: number): void

  /** Throws EINVAL when the path is not a network namespace. */
  namespaceOpen(path: string): { fd: number; inode: number; device: number }

  /** @param groups bit mask of multicast groups (RTMGRP_*) */
  netlinkOpen(namespaceFd: number, groups: number): number
  netlinkSend(fd: number, bytes: Uint8Array): void
  /** Bytes received, -EAGAIN or -ENOBUFS. */
  netlinkReceive(fd: number, buffer: Uint8Array): number
  /** Calls back while readable; does not keep the process alive. Unwatch before closing. */
  watch(fd: number, callback: () => void): WatchHandle
  unwatch(handle: WatchHandle): void

  /** @param headerSize bytes of virtio header before each frame: 12 (ENOPROTOOPT before Linux 6.4), 10, 0 */
  packetOpen(namespaceFd: number, interfaceIndex: number, headerSize: number): number
  /** Ends with the descriptor. */
  packetPromiscuous(fd: number, interfaceIndex: number): void
  /** Frames that found no room in the socket since the last call. */
  packetDrops(fd: number): number
  /** -1 when the interface is gone from its namespace. */
  packetInterface(fd: number): number
  /** A socket that only sends. @param bypass 1: past the queueing discipline */
  packetSender(namespaceFd: number, interfaceIndex: number, bypass: 0 | 1): number

  /** Kernel memory of `blockCount` blocks. @param blockSize a power of two of pages */
  ringOpen(
    namespaceFd: number,
    interfaceIndex: number,
    blockSize: number,
    blockCount: number,
  ): RingHandle
  /**
   * Frames copied into the arena, each from an address that is 2 modulo 8, with records {u32 address,
   * u32 length, f64 time}; 0 after the time; -errno where none will come any more.
   */
  ringRead(
    memory: MemoryHandle,
    ring: RingHandle,
    records: number,
    capacity: number,
    arena: number,
    arenaSize: number,
    timeoutMs: number,
  ): number
  /** Frames that found no room in it since the last call. */
  ringDrops(ring: RingHandle): number
  ringClose(ring: RingHandle): void
  /** Waits until `deadline`, nanoseconds of CLOCK_MONOTONIC, and writes the time then as an f64. */
  awaitTime(memory: MemoryHandle, clock: number, deadline: number): void
  /** How much later than asked for the kernel may wake this thread; 50,000 ns unless told. */
  timerSlack(nanoseconds: number): void
  /** 1 if there is something to read or an error, 0 after the time; fractions of it count. */
  awaitFrames(fd: number, timeoutMs: number): number
  /**
   * How many frames {u32 head, headLength, body, bodyLength} were taken, or -errno of the first; at
   * most 256. Of a TAP they have their virtio headers. Writes the time after that.
   */
  sendFrames(
    memory: MemoryHandle,
    fd: number,
    kind: number,
    frames: number,
    count: number,
    clock: number,
  ): number

  /** Binds a free path, for its owner only. @param type SOCK_* */
  unixListen(path: string, type: number): number
  /** The next client, or -EAGAIN. @param type that of the socket */
  unixAccept(fd: number, type: number): number
  /** ENOENT: no socket there; ECONNREFUSED: nobody listens; EPROTOTYPE: one of another type. */
  unixConnect(path: string, type: number): number
  /** A datagram socket at the free path `local`, connected to `remote`. */
  unixCorrespond(local: string, remote: string): number
  /** Connects a datagram socket to whoever is at a path now: 0, or -errno where nobody is. */
  unixReach(fd: number, path: string): number
  /** Octets that came and were not read. */
  unixUnread(fd: number): number
  /** Writes what is left of a frame that was written in part. */
  streamFlush(fd: number): void
  /** The length that put a stream of frames out of step; -1 while it is in step. */
  streamFault(fd: number): number

  /**
   * A queue of kind UDP at an address of 4 or 16 octets. EADDRINUSE: somebody else has the port.
   */
  udpOpen(namespaceFd: number, address: Uint8Array, port: number, options: UdpSockets): UdpQueue
  /** What became of datagrams, each error told once; empty when there is none. */
  udpErrors(fd: number): UdpErrorRecord[]
  udpStatistics(fd: number): UdpCounters
  /** Octets of the kernel's memory that what waits in a socket takes, and may. */
  receiveQueue(fd: number): { used: number; capacity: number }

  /**
   * Two ends of a SOCK_SEQPACKET pair: a queue of kind PAIR and what the program reads and writes by
   * readFrame and writeFrame. A message is a frame behind its virtio header of 12 bytes.
   */
  pairCreate(): { switch: number; program: number }
  /** Bytes, or -errno where trying again may help. */
  readFrame(fd: number, view: Uint8Array): number
  writeFrame(fd: number, view: Uint8Array): number

  pollerCreate(): { epoll: number; event: number }
  /** @param token any u32 but 0xffffffff */
  pollerAdd(epoll: number, fd: number, token: number): void
  pollerRemove(epoll: number, fd: number): void
  /** 1 if nothing comes from a queue of that kind any more: a TAP was deleted, a client hung up. */
  hasFailed(fd: number, kind: number): number
  wake(event: number): void

  /** @param memory a view of a whole WebAssembly.Memory that never grows */
  attach(memory: Uint8Array): MemoryHandle
  /** Ready entries {u32 token, u32 epoll events} written; 0 after the time, a wake, a signal. */
  wait(
    memory: MemoryHandle,
    epoll: number,
    event: number,
    ready: number,
    capacity: number,
    timeoutMs: number,
    spinMicroseconds: number,
  ): number
  /** Frames read, or -errno of the first read. */
  readBurst(
    memory: MemoryHandle,
    fd: number,
    kind: number,
    descriptors: number,
    arena: number,
    arenaSize: number,
    maxFrames: number,
  ): number
  /** Failure records {u32 port, u32 errno, u32 frames, u32 bytes} written. */
  writeEntries(
    memory: MemoryHandle,
    queues: number,
    entries: number,
    count: number,
    failures: number,
    failureCapacity: number,
  ): number
}

/** `native/` is two levels up from here in `src/` and in `dist/` alike. */
const directory = fileURLToPath(new URL('../../native', import.meta.url))

let loaded: Native | undefined

/** Loads the addon once a thread. Throws a DeviceError that says what to do when there is none. */
export function loadNative(): Native {
  loaded ??= load()
  return loaded
}

function load(): Native {
  if (process.platform !== 'linux') {
    throw unavailable(`this is ${process.platform}, and TAP devices are Linux's`)
  }
  try {
    const require = createRequire(import.meta.url)
    const find = require('node-gyp-build') as (directory: string) => Native
    return find(directory)
  } catch (cause) {
    const advice = `there is no build of it for ${process.platform}-${process.arch} in ${directory}; with a C compiler, make one by "node-gyp rebuild -C ${directory}"`
    throw unavailable(advice, { cause })
  }
}

function unavailable(why: string, options?: ErrorOptions): DeviceError {
  const message = `the native addon cannot be loaded: ${why}. The "memory" and "pcap" devices work without it`
  const call = { errno: -constants.errno.ENOSYS, syscall: 'dlopen', device: 'linkspan.node' }
  return new DeviceError('ENOSYS', message, call, options)
}
