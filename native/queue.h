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
};

extern const struct queue_operations tap_queue, packet_queue, packet_short_queue, message_queue,
    stream_queue, pair_queue;

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
