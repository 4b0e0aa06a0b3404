// What is said of figures at overload.

/** A sender that nobody holds back did not find the limit of the switch. */
export const senderRemarks = (samples) =>
  [...samples]
    .filter(([, list]) => list.some(({ refused }) => refused === 0))
    .map(([name]) => `${name}: the sender was the limit in at least one measurement`)
