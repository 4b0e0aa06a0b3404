/*
 * Datagrams that wait to be written together: those that differ only in what they carry become one
 * message, which the kernel takes apart again (UDP_SEGMENT); messages of one socket become one
 * call.
 *
 *   chains[sender % 64] → message → message …     in the order in which they began
 *                           ↓
 *                         datagram → datagram …   in the order in which they came
 *
 * Datagrams of one sender to one destination, and so those of a flow, never overtake each other.
 */
#ifndef LINKSPAN_BATCH_H
#define LINKSPAN_BATCH_H

#include "abi.h"
#include "failures.h"
#include "queue.h"
#include "udp-header.h"
#include "udp.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

/* A burst of frames that are not segmented, each perhaps a message of its own. */
#define BATCH_DATAGRAMS 256u

/* A mask of 64 bits tells which there are. */
#define BATCH_CHAINS 64u

/* No message, no datagram. */
#define BATCH_END 0xffffffffu

/* What the kernel takes as one message: UDP_MAX_SEGMENTS before Linux 6.9, and an IPv4 packet. */
#define MESSAGE_DATAGRAMS 64u
#define MESSAGE_OCTETS 65507u

struct datagram {
    struct iovec pieces[2]; /* the payload; the second one may be empty */
    uint32_t length;        /* of both */
    uint32_t port;          /* whom a failure is charged to, and how many octets with it */
    uint32_t bytes;
    uint32_t next;
};

struct message {
    struct outer outer;
    uint32_t sender; /* index of the socket */
    uint32_t size;   /* of every datagram but the last, which may be shorter */
    uint32_t octets; /* of all together */
    uint32_t count, first, last;
    uint32_t next, previous; /* in its chain */
    bool closed;             /* its last datagram is shorter, or it is as long as may be */
};

struct chain {
    uint32_t first, last;
};

struct batch {
    struct failures *failures;
    struct udp *queue; /* whose datagrams these are; NULL for none */
    int fd;
    uint32_t datagram_count, message_count;
    uint64_t chained; /* which chains there are */
    struct chain chains[BATCH_CHAINS];
    struct message messages[BATCH_DATAGRAMS];
    struct datagram datagrams[BATCH_DATAGRAMS];
};

/* Of queue_operations (udp-batch.c). */
int udp_add(struct batch *batch, int fd, const struct outgoing *frame);
void udp_flush(struct batch *batch);

/* Sends the messages of a chain, those of one socket in one call (udp-send.c). */
void send_chain(struct batch *batch, uint32_t first);

/* Most of a batch is not touched before it is used. */
static inline void batch_begin(struct batch *batch, struct failures *failures) {
    batch->failures = failures;
    batch->queue = NULL;
    batch->fd = -1;
    batch->datagram_count = 0;
    batch->message_count = 0;
    batch->chained = 0;
}

#endif
