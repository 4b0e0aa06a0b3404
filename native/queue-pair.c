/* An end of pairCreate: a frame a message, behind its virtio header, as the dataplane has it. */
#include "queue.h"

#include <errno.h>
#include <sys/socket.h>

static int64_t pair_read(int fd, struct slot *slot) {
    struct iovec piece = {slot->start, FRAME_ROOM};
    struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};
    ssize_t count = socket_receive(fd, &message);
    if (count < 0) {
        return -(int64_t)errno;
    }
    return count == 0 && hung_up(fd) ? -EPIPE : count;
}

static int pair_write(int fd, const struct iovec *pieces, int count) {
    struct msghdr message = {.msg_iov = (struct iovec *)pieces, .msg_iovlen = (size_t)count};
    return socket_send(fd, &message) < 0 ? errno : 0;
}

const struct queue_operations pair_queue = {.read = pair_read, .write = pair_write};
