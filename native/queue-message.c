/*
 * A datagram or seqpacket socket's queue: a frame a message, no virtio header. A socket that is not
 * connected has a state: whom it sends to, which is whoever sent last.
 */
#include "queue-message.h"

#include "queue.h"
#include "state.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

struct correspondent {
    struct state state;
    pthread_mutex_t lock; /* one worker reads, all of them write */
    socklen_t length;     /* 0: nobody yet, or somebody without an address */
    struct sockaddr_un address;
};

static void release(struct state *state) {
    pthread_mutex_destroy(&((struct correspondent *)state)->lock);
    free(state);
}

static struct correspondent *correspondent_of(int fd) {
    return (struct correspondent *)state_of(fd, QUEUE_MESSAGE);
}

bool keep_correspondent(int fd) {
    struct correspondent *new = calloc(1, sizeof *new);
    if (new == NULL) {
        return false;
    }
    new->state = (struct state){QUEUE_MESSAGE, release};
    pthread_mutex_init(&new->lock, NULL);
    if (!state_keep(fd, &new->state)) {
        release(&new->state);
        return false;
    }
    return true;
}

/* Somebody without an address cannot be answered, so the one before him is not either. */
static void follow(struct correspondent *to, const struct msghdr *message) {
    socklen_t length = message->msg_namelen;
    bool nameless = length <= sizeof(sa_family_t);
    pthread_mutex_lock(&to->lock);
    /* A path of 108 bytes has its NUL behind the structure, where the kernel does not want it back.
     */
    to->length = nameless ? 0 : length < sizeof to->address ? length : sizeof to->address;
    memcpy(&to->address, message->msg_name, sizeof to->address);
    pthread_mutex_unlock(&to->lock);
}

static int64_t message_read(int fd, struct slot *slot) {
    struct sockaddr_un sender = {0};
    struct correspondent *to = correspondent_of(fd);
    struct iovec piece = {slot->start + VIRTIO_HEADER, FRAME_ROOM - VIRTIO_HEADER};
    struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};
    if (to != NULL) {
        message.msg_name = &sender;
        message.msg_namelen = sizeof sender;
    }
    ssize_t count = socket_receive(fd, &message);
    if (count < 0 && errno == ECONNRESET) {
        /* Told once, before what was sent ahead of the reset. */
        count = socket_receive(fd, &message);
    }
    if (count < 0) {
        return -(int64_t)errno;
    }
    /* An empty message is a frame, if a short one; the end of a connection is none. */
    if (count == 0 && hung_up(fd)) {
        return -EPIPE;
    }
    if (to != NULL) {
        follow(to, &message);
    }
    clear_header(slot->start);
    return count + (int64_t)VIRTIO_HEADER;
}

static int message_write(int fd, const struct iovec *pieces, int count) {
    struct iovec rest[2];
    if (!skip_header(pieces, count, rest)) {
        return EINVAL;
    }
    struct sockaddr_un address;
    struct msghdr message = {.msg_iov = rest, .msg_iovlen = 2};
    struct correspondent *to = correspondent_of(fd);
    if (to != NULL) {
        pthread_mutex_lock(&to->lock);
        address = to->address;
        message.msg_namelen = to->length;
        pthread_mutex_unlock(&to->lock);
        if (message.msg_namelen == 0) {
            return ENOTCONN;
        }
        message.msg_name = &address;
    }
    return socket_send(fd, &message) < 0 ? errno : 0;
}

const struct queue_operations message_queue = {.read = message_read, .write = message_write};
