/* Handing messages to the kernel, and what becomes of those that it refuses. */
#include "batch.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#define LINUX_UDP_SEGMENT                                                                          \
    103 /* Linux 4.18; linux/udp.h cannot be included beside netinet/udp.h                         \
         */

/* Traffic class, hops and segment size, in this order; the last one can be left away. */
struct control {
    _Alignas(struct cmsghdr) char bytes[2 * CMSG_SPACE(sizeof(int)) + CMSG_SPACE(sizeof(uint16_t))];
};

/* The messages of one socket, as the kernel wants them. */
struct call {
    struct batch *batch;
    int fd;
    uint32_t count, piece_count;
    struct message *messages[BATCH_DATAGRAMS];
    struct mmsghdr headers[BATCH_DATAGRAMS];
    union address destinations[BATCH_DATAGRAMS];
    struct control controls[BATCH_DATAGRAMS];
    struct iovec pieces[2 * BATCH_DATAGRAMS];
};

static void put(struct msghdr *header, int level, int type, const void *data, size_t size) {
    struct cmsghdr *control =
        (struct cmsghdr *)((char *)header->msg_control + header->msg_controllen);
    memset(control, 0, CMSG_SPACE(size));
    control->cmsg_level = level;
    control->cmsg_type = type;
    control->cmsg_len = CMSG_LEN(size);
    memcpy(CMSG_DATA(control), data, size);
    header->msg_controllen += CMSG_SPACE(size);
}

/* Only what is not as the socket has it: the kernel looks at each one of them. */
static void put_controls(struct msghdr *header, const struct udp *queue,
                         const struct message *message) {
    bool ip4 = queue->version == 4;
    int level = ip4 ? IPPROTO_IP : IPPROTO_IPV6;
    int traffic_class = message->outer.traffic_class, hops = message->outer.hops;
    if (traffic_class != 0) {
        put(header, level, ip4 ? IP_TOS : IPV6_TCLASS, &traffic_class, sizeof traffic_class);
    }
    if (hops != 0 && (uint32_t)hops != queue->hops) {
        put(header, level, ip4 ? IP_TTL : IPV6_HOPLIMIT, &hops, sizeof hops);
    }
    if (message->count > 1) {
        uint16_t size = (uint16_t)message->size;
        put(header, IPPROTO_UDP, LINUX_UDP_SEGMENT, &size, sizeof size);
    }
}

static uint32_t put_pieces(struct iovec *pieces, const struct datagram *datagram) {
    pieces[0] = datagram->pieces[0];
    pieces[1] = datagram->pieces[1];
    return datagram->pieces[1].iov_len > 0 ? 2 : 1;
}

static void add_message(struct call *call, struct message *message) {
    struct batch *batch = call->batch;
    uint32_t index = call->count++, first = call->piece_count;
    for (uint32_t i = 0, at = message->first; i < message->count; i++) {
        call->piece_count += put_pieces(&call->pieces[call->piece_count], &batch->datagrams[at]);
        at = batch->datagrams[at].next;
    }
    call->messages[index] = message;
    call->destinations[index] =
        make_address(message->outer.destination, batch->queue->version == 4 ? 4 : 16,
                     message->outer.destination_port);
    struct msghdr *header = &call->headers[index].msg_hdr;
    *header = (struct msghdr){.msg_name = &call->destinations[index],
                              .msg_namelen = address_length(&call->destinations[index]),
                              .msg_iov = &call->pieces[first],
                              .msg_iovlen = call->piece_count - first,
                              .msg_control = &call->controls[index]};
    put_controls(header, batch->queue, message);
    if (header->msg_controllen == 0) {
        header->msg_control = NULL;
    }
}

/*
 * Whether it may be about an earlier datagram, as an ICMP message told meanwhile: the kernel says
 * it once, at the next call, and that one's datagram has not been tried.
 */
static bool may_be_stale(int error) {
    switch (error) {
    case ECONNREFUSED:
    case EHOSTUNREACH:
    case EHOSTDOWN:
    case ENETUNREACH:
    case ENONET:
    case ENOPROTOOPT:
    case EOPNOTSUPP:
    case EMSGSIZE:
    case EPROTO:
    case EACCES:
        return true;
    default:
        return false;
    }
}

/* Returns how many the kernel took; -errno if it refused the first, for what that is itself. */
static int send_some(int fd, struct mmsghdr *headers, uint32_t count) {
    bool again = false;
    for (;;) {
        int sent = sendmmsg(fd, headers, count, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent >= 0) {
            return sent;
        }
        if (errno != EINTR && (again || !may_be_stale(errno))) {
            return -errno;
        }
        again = again || errno != EINTR;
    }
}

/* One datagram of a message, without the request to segment it. Returns an errno. */
static int send_single(const struct call *call, uint32_t index, const struct datagram *datagram) {
    struct iovec pieces[2];
    struct mmsghdr header = call->headers[index];
    header.msg_hdr.msg_iov = pieces;
    header.msg_hdr.msg_iovlen = put_pieces(pieces, datagram);
    header.msg_hdr.msg_controllen -= CMSG_SPACE(sizeof(uint16_t));
    int sent = send_some(call->fd, &header, 1);
    return sent < 0 ? -sent : 0;
}

static void charge(struct call *call, const struct datagram *datagram, int error) {
    if (error != 0) {
        fail(call->batch->failures, datagram->port, error, datagram->bytes);
    }
}

/*
 * Sends a refused message's datagrams one by one. When the first is too big, so are all of its
 * size, and only the last, if it is shorter, is tried too.
 */
static void send_apart(struct call *call, uint32_t index) {
    const struct message *message = call->messages[index];
    const struct datagram *datagrams = call->batch->datagrams;
    int first = 0;
    for (uint32_t i = 0, at = message->first; i < message->count; i++) {
        const struct datagram *datagram = &datagrams[at];
        if (first == EMSGSIZE && datagram->length == message->size) {
            charge(call, datagram, first);
        } else {
            int error = send_single(call, index, datagram);
            charge(call, datagram, error);
            first = i == 0 ? error : first;
        }
        at = datagram->next;
    }
}

static void charge_all(struct call *call, const struct message *message, int error) {
    const struct datagram *datagrams = call->batch->datagrams;
    for (uint32_t i = 0, at = message->first; i < message->count; i++) {
        charge(call, &datagrams[at], error);
        at = datagrams[at].next;
    }
}

/*
 * EIO: the kernel cannot segment on this way out (no checksum offload before Linux 6.11, IPsec).
 * EINVAL: a segment is too big, as kernels said until they said EMSGSIZE.
 */
static void handle_refusal(struct call *call, uint32_t index, int error) {
    const struct message *message = call->messages[index];
    if (message->count == 1 || (error != EIO && error != EMSGSIZE && error != EINVAL)) {
        charge_all(call, message, error);
        return;
    }
    if (error == EIO) {
        atomic_store_explicit(&call->batch->queue->segments, false, memory_order_relaxed);
    }
    send_apart(call, index);
}

static void send_call(struct call *call) {
    uint32_t at = 0;
    while (at < call->count) {
        int sent = send_some(call->fd, call->headers + at, call->count - at);
        if (sent >= 0) {
            at += (uint32_t)sent;
        } else {
            handle_refusal(call, at++, -sent);
        }
    }
}

void send_chain(struct batch *batch, uint32_t first) {
    struct call call;
    for (uint32_t index = first; index != BATCH_END;) {
        uint32_t sender = batch->messages[index].sender;
        call.batch = batch;
        call.fd = batch->queue->senders->fds[sender];
        call.count = call.piece_count = 0;
        while (index != BATCH_END && batch->messages[index].sender == sender) {
            add_message(&call, &batch->messages[index]);
            index = batch->messages[index].next;
        }
        send_call(&call);
    }
}
