// Settings of a link with all there is at once.
export const EVERY_FAULT = {
  delay: '20ms',
  jitter: { time: '5ms', distribution: 'pareto', correlation: 0.2 },
  rate: '2Mbit',
  queue: '20 frames',
  loss: { average: '10%', burst: 3 },
  duplicate: '5%',
  reorder: '5%',
  corrupt: '2%',
}
