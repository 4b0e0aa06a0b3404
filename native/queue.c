#include "queue.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

const struct queue_operations *queue_operations_of(uint32_t kind) {
    static const struct queue_operations *const all[] = {
        [QUEUE_TAP] = &tap_queue,         [QUEUE_PACKET] = &packet_queue,
        [QUEUE_MESSAGE] = &message_queue, [QUEUE_STREAM] = &stream_queue,
        [QUEUE_PAIR] = &pair_queue,       [QUEUE_PACKET_SHORT] = &packet_short_queue,
        [QUEUE_UDP] = &udp_queue,
    };
    return kind < sizeof all / sizeof all[0] ? all[kind] : NULL;
}

void clear_header(uint8_t *start) {
    memset(start, 0, VIRTIO_HEADER);
}

bool skip_header(const struct iovec *pieces, int count, struct iovec rest[2]) {
    if (pieces[0].iov_len < VIRTIO_HEADER) {
        return false;
    }
    rest[0] = (struct iovec){(uint8_t *)pieces[0].iov_base + VIRTIO_HEADER,
                             pieces[0].iov_len - VIRTIO_HEADER};
    rest[1] = count > 1 ? pieces[1] : (struct iovec){NULL, 0};
    return true;
}

size_t length_of(const struct iovec *pieces, int count) {
    size_t length = 0;
    for (int i = 0; i < count; i++) {
        length += pieces[i].iov_len;
    }
    return length;
}

ssize_t socket_receive(int fd, struct msghdr *message) {
    ssize_t count;
    do {
        count = recvmsg(fd, message, MSG_DONTWAIT);
    } while (count < 0 && errno == EINTR);
    return count;
}

ssize_t socket_send(int fd, const struct msghdr *message) {
    ssize_t count;
    do {
        count = sendmsg(fd, message, MSG_DONTWAIT | MSG_NOSIGNAL);
    } while (count < 0 && errno == EINTR);
    return count;
}

bool hung_up(int fd) {
    struct pollfd entry = {.fd = fd, .events = POLLRDHUP};
    int count;
    do {
        count = poll(&entry, 1, 0);
    } while (count < 0 && errno == EINTR);
    return count > 0 && (entry.revents & (POLLHUP | POLLRDHUP)) != 0;
}
