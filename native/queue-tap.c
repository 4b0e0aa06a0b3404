/* A TAP's queue: a frame a call, behind its virtio header, as the dataplane has it. */
#include "queue.h"

#include <errno.h>
#include <unistd.h>

static int64_t tap_read(int fd, struct slot *slot) {
    ssize_t count;
    do {
        count = read(fd, slot->start, FRAME_ROOM);
    } while (count < 0 && errno == EINTR);
    return count < 0 ? -(int64_t)errno : count;
}

static int tap_write(int fd, const struct iovec *pieces, int count) {
    ssize_t written;
    do {
        written = count == 1 ? write(fd, pieces[0].iov_base, pieces[0].iov_len)
                             : writev(fd, pieces, count);
    } while (written < 0 && errno == EINTR);
    return written < 0 ? errno : 0;
}

const struct queue_operations tap_queue = {.read = tap_read, .write = tap_write};
