// TAP to TAP: the highest rate at which no frame is lost, by size of frame (RFC 2544, section 26.1).
import { FCS, generate } from '../lib/generate.js'
import { searchThroughput } from '../lib/search.js'
import { eachPeer } from './peers.js'

/** With FCS, as RFC 2544 counts; 1518 is a UDP datagram of 1472 octets. */
const SIZES = [64, 512, 1518]
const PEERS = ['linkspan', 'relay', 'vde', 'ovs', 'bridge']

const SEARCH = { resolution: 1.1, acceptedLoss: 0, attempts: 2, least: 1000 }
/** Where the first search begins: below what is delivered when far more is offered. */
const START = 0.8
/** How much of the rate that it was told a sender has to keep: what counts is what was sent. */
const KEPT = 0.95
/** The found rate is tried again for this many times the time of a trial. */
const LONGER = 3

/**
 * What a report of generate says about loss. A frame for which the sending TAP had no room was lost by the
 * switch, which did not fetch those before it in time, though generate sends it again; one for which the
 * receiving socket had no room has crossed.
 *
 * @returns {import('../lib/search.js').Trial}
 */
export function trialOf({ sender, receiver }) {
  const lost = Math.max(0, receiver.lost - receiver.kernelDrops) + sender.refused
  return {
    rate: sender.framesPerSecond,
    offered: sender.refused > 0 || sender.framesPerSecond >= sender.framesPerSecondWanted * KEPT,
    loss: Math.min(1, lost / Math.max(1, sender.frames)),
  }
}

function offering(lab, size, { signal }) {
  return (rate, seconds) => {
    const options = ['--size', String(size - FCS), '--rate', rate, '--drain', '100ms']
    return generate(lab, { flow: ['ethernet'], seconds, options, receive: true }, { signal })
  }
}

/** Searches anew each time; where the last search ended is where the next begins. */
function measuring({ lab }, size, context) {
  const { seconds } = context
  const offer = offering(lab, size, context)
  const trying = (time) => async (rate) => trialOf(await offer(String(Math.round(rate)), time))
  let guess
  return async () => {
    if (guess === undefined) {
      const { sender, receiver } = await offer('max', seconds)
      guess = Math.max(SEARCH.least, (receiver.frames / sender.seconds) * START)
    }
    const search = { ...SEARCH, guess }
    const found = await searchThroughput(trying(seconds), trying(seconds * LONGER), search)
    if (found.rate > 0) guess = found.rate
    const { trials, confirmed, bounded } = found
    const rate = Math.max(found.rate, SEARCH.least) // a ratio to nothing says nothing
    const flags = {
      confirmed: Number(confirmed),
      bounded: Number(bounded),
      none: Number(found.rate === 0),
    }
    return { value: rate / 1e3, trials, ...flags, gigabits: (rate * (size - FCS) * 8) / 1e9 }
  }
}

/** What is no limit of the switch, or no certain one. */
function remarks(samples) {
  const where = (test) => [...samples].filter(([, list]) => list.some(test)).map(([name]) => name)
  const names = (list, text) => (list.length > 0 ? [`${list.join(', ')}: ${text}`] : [])
  return [
    ...names(
      where(({ bounded }) => bounded === 0),
      'the sender was the limit in at least one search',
    ),
    ...names(
      where(({ confirmed }) => confirmed === 0),
      'at least one search ended without a rate that was confirmed',
    ),
    ...names(
      where(({ none }) => none === 1),
      `no rate from ${SEARCH.least / 1000} k frames/s up passed in at least one search`,
    ),
  ]
}

/** @returns {import('../lib/figure.js').Figure} */
const figureFor = (size) => ({
  name: `throughput-${size}`,
  title: `TAP to TAP, zero loss, ${size} B`,
  variant: `${size} B`,
  unit: 'k frames/s',
  better: 'more',
  needs: { root: true, commands: ['ip', 'ping'] },
  seconds: 0.25,
  takes: 40, // trials, and the start of a sender and a receiver for each
  rounds: 2,
  method: `The throughput of RFC 2544 (26.1): the highest rate at which as many frames arrive as are offered. linkspan generate offers Ethernet frames of one flow at a constant rate in trials of 0.25 s, unless told, which are far shorter than the RFC's 60 s, and receives them on the other side. Lost is what does not arrive, and what finds the queue of the sending TAP full; none may be (accepted loss ${SEARCH.acceptedLoss}). Since a shared machine loses frames at any rate now and then, a rate has failed when ${SEARCH.attempts} trials in a row lose (ETSI GS NFV-TST 009, 12.3.3). The search ends when a rate that failed is at most ${Math.round(SEARCH.resolution * 100 - 100)} % above the one that passed, and that one passes a trial ${LONGER} times as long too, or it goes on below. A trial whose sender fell behind by itself, by more than ${Math.round(100 - KEPT * 100)} %, is held for no more than it sent. Sizes include the FCS: 1518 octets carry a UDP datagram of 1472. Sender, switch and receiver share the machine's processors; over veth pairs what the bridge does is done by the sender.`,
  targets: PEERS.slice(1).map((to) => ({ of: 'linkspan', to })),
  remarks,
  setUp: (context) => eachPeer(PEERS, context, async (peer) => measuring(peer, size, context)),
})

export const figures = SIZES.map(figureFor)
