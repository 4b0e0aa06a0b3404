/*
 * A stream socket's queue in QEMU's framing (`-netdev stream`, net/stream.c): the length of a frame
 * as u32 big-endian, then the frame; no virtio header.
 *
 * Reading. Frames are read straight to where they belong, and with each the length of the next, so
 * that a frame costs one call. What has come of a frame when the stream runs dry is kept until the
 * rest comes. The length of the next frame is left in the socket where no more is read for now: who
 * waits for the socket would not hear of a frame of which only the length was taken out.
 *
 * Writing. The kernel may take a part of a frame: the rest is kept and goes before the next frame;
 * until it is gone, frames are refused (EAGAIN). One worker reads, all of them write.
 *
 * A length that no frame has means that the stream is out of step for good: it is shut down, and
 * `streamFault` tells.
 */
#include "queue-stream.h"

#include "arguments.h"
#include "error.h"
#include "functions.h"
#include "queue.h"
#include "state.h"

#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define PREFIX 4u

struct stream {
    struct state state;
    uint8_t prefix[PREFIX]; /* of the frame that is being read, and how much of it is there */
    uint32_t prefix_length;
    uint32_t part_length; /* how much of the frame is in `part`: less than all */
    atomic_bool broken;
    uint32_t fault; /* the length that broke it */
    pthread_mutex_t lock;
    uint32_t tail_at, tail_end; /* what of `tail` is still to be written */
    uint8_t part[STREAM_FRAME_MAX];
    uint8_t tail[PREFIX + FRAME_ROOM];
};

static void release(struct state *state) {
    pthread_mutex_destroy(&((struct stream *)state)->lock);
    free(state);
}

bool keep_stream(int fd) {
    struct stream *stream = calloc(1, sizeof *stream);
    if (stream == NULL) {
        return false;
    }
    stream->state = (struct state){QUEUE_STREAM, release};
    pthread_mutex_init(&stream->lock, NULL);
    if (!state_keep(fd, &stream->state)) {
        release(&stream->state);
        return false;
    }
    return true;
}

static struct stream *stream_of(int fd) {
    return (struct stream *)state_of(fd, QUEUE_STREAM);
}

/* Octets read, at least one; or -errno. */
static int64_t take(int fd, struct iovec *pieces, int count) {
    struct msghdr message = {.msg_iov = pieces, .msg_iovlen = (size_t)count};
    ssize_t taken = socket_receive(fd, &message);
    return taken > 0 ? taken : taken == 0 ? -EPIPE : -(int64_t)errno;
}

/* The length of the frame that comes; -errno while it is not all there. */
static int64_t read_prefix(int fd, struct stream *stream) {
    while (stream->prefix_length < PREFIX) {
        struct iovec rest = {stream->prefix + stream->prefix_length,
                             PREFIX - stream->prefix_length};
        int64_t taken = take(fd, &rest, 1);
        if (taken < 0) {
            return taken;
        }
        stream->prefix_length += (uint32_t)taken;
    }
    uint32_t length;
    memcpy(&length, stream->prefix, sizeof length);
    return ntohl(length);
}

static int64_t break_off(int fd, struct stream *stream, uint32_t length) {
    stream->fault = length;
    atomic_store(&stream->broken, true);
    /* Reported as a hang-up from now on, to whoever waits for it. */
    (void)shutdown(fd, SHUT_RDWR);
    return -EPROTO;
}

/* Reads the rest of a frame. The first part of it is in `part` if it did not come at once. */
static int64_t read_body(int fd, struct stream *stream, uint8_t *frame, uint32_t length,
                         bool last) {
    uint32_t have = stream->part_length;
    stream->prefix_length = have == length ? 0 : PREFIX;
    while (have < length) {
        uint8_t next[PREFIX];
        uint8_t *at = stream->part_length > 0 ? stream->part : frame;
        struct iovec pieces[2] = {{at + have, length - have}, {next, last ? 0 : PREFIX}};
        int64_t taken = take(fd, pieces, 2);
        if (taken < 0) {
            return taken;
        }
        if (taken < length - have) {
            if (at == frame) {
                memcpy(stream->part, frame, (size_t)taken);
            }
            have += (uint32_t)taken;
            stream->part_length = have;
            continue;
        }
        stream->prefix_length = (uint32_t)taken - (length - have);
        memcpy(stream->prefix, next, stream->prefix_length);
        if (at != frame) {
            memcpy(frame, stream->part, length);
        }
        have = length;
    }
    stream->part_length = 0;
    return length;
}

static int64_t stream_read(int fd, struct slot *slot) {
    struct stream *stream = stream_of(fd);
    if (stream == NULL || atomic_load(&stream->broken)) {
        return stream == NULL ? -EBADF : -EPROTO;
    }
    int64_t length = read_prefix(fd, stream);
    if (length > STREAM_FRAME_MAX) {
        return break_off(fd, stream, (uint32_t)length);
    }
    if (length >= 0) {
        uint8_t *frame = slot->start + VIRTIO_HEADER;
        length = read_body(fd, stream, frame, (uint32_t)length, slot->last);
    }
    if (length < 0) {
        return length;
    }
    clear_header(slot->start);
    return length + VIRTIO_HEADER;
}

/* Writes what is left of a frame before; EAGAIN if some still is. */
static int flush(int fd, struct stream *stream) {
    while (stream->tail_at < stream->tail_end) {
        struct iovec rest = {stream->tail + stream->tail_at, stream->tail_end - stream->tail_at};
        struct msghdr message = {.msg_iov = &rest, .msg_iovlen = 1};
        ssize_t sent = socket_send(fd, &message);
        if (sent < 0) {
            return errno;
        }
        stream->tail_at += (uint32_t)sent;
    }
    return 0;
}

/* Keeps what follows the first `sent` octets of some pieces. */
static void keep_tail(struct stream *stream, const struct iovec *pieces, int count, size_t sent) {
    stream->tail_at = stream->tail_end = 0;
    for (int i = 0; i < count; i++) {
        size_t skipped = sent < pieces[i].iov_len ? sent : pieces[i].iov_len;
        size_t length = pieces[i].iov_len - skipped;
        memcpy(stream->tail + stream->tail_end, (uint8_t *)pieces[i].iov_base + skipped, length);
        stream->tail_end += (uint32_t)length;
        sent -= skipped;
    }
}

static int write_whole(int fd, struct stream *stream, struct iovec pieces[3]) {
    int error = flush(fd, stream);
    if (error != 0) {
        return error;
    }
    struct msghdr message = {.msg_iov = pieces, .msg_iovlen = 3};
    ssize_t sent = socket_send(fd, &message);
    if (sent < 0) {
        return errno;
    }
    keep_tail(stream, pieces, 3, (size_t)sent);
    return 0;
}

static int stream_write(int fd, const struct iovec *pieces, int count) {
    struct stream *stream = stream_of(fd);
    struct iovec all[3];
    if (stream == NULL || !skip_header(pieces, count, all + 1)) {
        return stream == NULL ? EBADF : EINVAL;
    }
    size_t length = length_of(all + 1, 2);
    if (length > FRAME_ROOM) {
        return EMSGSIZE;
    }
    uint32_t prefix = htonl((uint32_t)length);
    all[0] = (struct iovec){&prefix, PREFIX};
    pthread_mutex_lock(&stream->lock);
    int error = write_whole(fd, stream, all);
    pthread_mutex_unlock(&stream->lock);
    return error;
}

const struct queue_operations stream_queue = {.read = stream_read, .write = stream_write};

/* streamFlush(fd): writes what is left of a frame, as far as the other end has room by now. */
napi_value stream_flush(napi_env env, napi_callback_info info) {
    uint32_t fd;
    if (!read_number_arguments(env, info, 1, &fd)) {
        return NULL;
    }
    struct stream *stream = stream_of((int)fd);
    if (stream == NULL) {
        return throw_errno_fd(env, EBADF, "sendmsg", (int)fd);
    }
    pthread_mutex_lock(&stream->lock);
    (void)flush((int)fd, stream); /* Whoever writes or reads next is told what is wrong. */
    pthread_mutex_unlock(&stream->lock);
    return NULL;
}

/* streamFault(fd): the length that broke the stream; -1 while it is whole. */
napi_value stream_fault(napi_env env, napi_callback_info info) {
    uint32_t fd;
    if (!read_number_arguments(env, info, 1, &fd)) {
        return NULL;
    }
    struct stream *stream = stream_of((int)fd);
    if (stream == NULL) {
        return throw_errno_fd(env, EBADF, "streamFault", (int)fd);
    }
    return make_int(env, atomic_load(&stream->broken) ? (int64_t)stream->fault : -1);
}
