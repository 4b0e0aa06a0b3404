/* Reading and writing one frame of a queue: every kind has a file of its own. */
#ifndef LINKSPAN_QUEUE_H
#define LINKSPAN_QUEUE_H

#include "abi.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <sys/uio.h>

/* Where a frame is read to. */
struct slot {
    uint8_t *start; /* of its virtio header; FRAME_ROOM bytes are free from here, HEADROOM before */
    bool last;      /* no other frame is read after it for now */
    uint32_t before; /* to be set: by how many bytes it starts earlier after all; 0 at first */
};

/* Where a burst of frames is read to. */
struct burst {
    uint8_t *base;
    struct descriptor *descriptors;
    uint64_t at, end; /* the arena that is left, from the base */
    uint32_t capacity;
};

struct batch; /* batch.h */

/* A frame for one port, in one or two pieces that start with the virtio header. */
struct outgoing {
    const struct iovec *pieces;
    int count;
    uint32_t port;
    uint32_t bytes;
};

/* A kind has `read`, or `burst` where it reads many at once; `write`, or `add` and `flush`. */
struct queue_operations {
    /* By how many bytes a frame may come to start earlier: it has its whole headroom even then. */
    uint32_t reserve;
    /*
     * Reads one frame without waiting. Returns the length of virtio header and frame, or -errno:
     * -EAGAIN when there is none, -EPIPE when there never will be.
     */
    int64_t (*read)(int fd, struct slot *slot);
    /*
     * Writes one frame, whole or not at all, without waiting. Its one or two pieces start with the
     * virtio header. Returns an errno.
     */
    int (*write)(int fd, const struct iovec *pieces, int count);
    /*
     * Reads frames without waiting, until there is none or another of any length might not fit.
     * Returns how many came; -errno if none did and it was not for want of one.
     */
    int64_t (*burst)(int fd, struct burst *burst);
    /*
     * Takes one frame, to be written with others; what the batch holds of another queue is written
     * before. Returns an errno; a frame that was taken and cannot be written is charged later. The
     * frame stays where it is until then.
     */
    int (*add)(struct batch *batch, int fd, const struct outgoing *frame);
    /* Writes what the batch holds. */
    void (*flush)(struct batch *batch);
};

extern const struct queue_operations tap_queue, packet_queue, packet_short_queue, message_queue,
    stream_queue, pair_queue, udp_queue;

/* NULL for a number that is no kind. */
const struct queue_operations *queue_operations_of(uint32_t kind);

/* An empty virtio header: one that asks for nothing. */
void clear_header(uint8_t *start);

/* The pieces without the virtio header, whose place in the first one is left out. */
bool skip_header(const struct iovec *pieces, int count, struct iovec rest[2]);

/* The octets of some pieces together. */
size_t length_of(const struct iovec *pieces, int count);

/* Calls on sockets, again when a signal came between. They never wait, and never raise SIGPIPE. */
struct msghdr;
ssize_t socket_receive(int fd, struct msghdr *message);
ssize_t socket_send(int fd, const struct msghdr *message);

/* Whether the other end of a connection is gone, or has said that nothing more comes. */
bool hung_up(int fd);

#endif
