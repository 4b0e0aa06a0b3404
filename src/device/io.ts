import { HEADROOM, VIRTIO_HEADER } from '../dataplane/abi.js'

/**
 * The data path of all devices as one worker sees it. Frames pass through the worker's areas in
 * linear memory: a burst is received into its arena with a descriptor a frame, a transmit list is
 * written from wherever its entries point to.
 */
export interface Io {
  /**
   * Waits up to `timeout` ms for ports that have frames, `spin` µs of it awake; returns how many have.
   */
  wait(timeout: number, spin: number): number
  /** The number of the `index`-th port that has frames, and of the queue that has them. */
  readyPort(index: number): number
  readyQueue(index: number): number
  /** True if an error or a hang-up was reported for that port too. */
  readyFailed(index: number): boolean
  /** Receives a burst of a queue of `port`: the number of frames, or a negative errno. */
  receive(port: number, queue: number): number
  /** Writes a transmit list of `count` entries; returns the number of failure records. */
  transmit(count: number): number
  /** Whether a port's failures tell of the way to a peer: it is the underlay. */
  isUnderlay(port: number): boolean
  /** Stops watching a queue if its device is gone, which would else be reported without end. */
  forget(port: number, queue: number): void
}

/**
 * Where the Ethernet header of the next frame goes if the one before ended at `end`: behind the
 * headroom and so that virtio-net, Ethernet and the start of the network header share a cache line.
 */
export function nextFrame(end: number): number {
  return ((end + HEADROOM + CACHE_LINE - 1) & -CACHE_LINE) + 2 + VIRTIO_HEADER
}

const CACHE_LINE = 64

/** How much of the arena a device of the underlay may fill: the rest is where frames are moved to. */
export function underlayRoom(arenaSize: number): number {
  return Math.floor(arenaSize / 2)
}

/** Octets that must be free from that address on for a frame of any length to be read. */
export const FRAME_ROOM = 65_664
