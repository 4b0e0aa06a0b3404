/* What could not be written, by port, in the list that a caller of writeEntries gave. */
#ifndef LINKSPAN_FAILURES_H
#define LINKSPAN_FAILURES_H

#include "abi.h"

struct failures {
    struct failure *records;
    uint32_t count, capacity;
};

/* Charges a frame to a port. `bytes` are all that were to be written, virtio header included. */
void fail(struct failures *failures, uint32_t port, int error, uint32_t bytes);

#endif
