/** The way to a host: each request gets a hop further than the one before. */
import type { PingResult } from './ping.js'

export interface Hop {
  ttl: number
  /** Who answered or complained; undefined where nobody did. */
  from: string | undefined
  /** Milliseconds; undefined where it was a router, which has no part in the echo. */
  rtt: number | undefined
}

export interface TracerouteOptions {
  /** Hops at most, 1 to 255; 30 if left out. */
  most?: number
  timeout?: string | number
}

/** @param ping sends one request of that TTL */
export async function traceroute(
  ping: (ttl: number) => Promise<PingResult>,
  most: number,
): Promise<Hop[]> {
  const hops: Hop[] = []
  for (let ttl = 1; ttl <= most; ttl++) {
    const { replies, errors } = await ping(ttl)
    const [reply] = replies
    const [error] = errors
    hops.push({ ttl, from: reply?.from ?? error?.from, rtt: reply?.rtt })
    if (reply || (error && error.reason !== 'time-exceeded')) break
  }
  return hops
}
