/* The sockets that a queue sends by: a source port each, so that routers spread flows (X4). */
#include "buffer.h"
#include "udp.h"

#include <errno.h>
#include <linux/filter.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

/* The dynamic ports (RFC 6335 6), which RFC 7348 5 asks for. */
#define FIRST_PORT 49152u
#define PORTS 16384u

#define SEND_BUFFER (7 * 1024 * 1024)

/* Errors wait in the receive buffer: with the least one that may be, two find room. */
#define ERROR_BUFFER (64 * 1024)

/* Nothing that comes to a source port is for us. */
static int refuse_all(int fd) {
    struct sock_filter instruction = BPF_STMT(BPF_RET | BPF_K, 0);
    struct sock_fprog program = {1, &instruction};
    return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
}

static const char *set_options(int fd, const union address *local, int hops) {
    const int on = 1;
    bool ip4 = local->any.sa_family == AF_INET;
    int level = ip4 ? IPPROTO_IP : IPPROTO_IPV6;
    if (setsockopt(fd, level, ip4 ? IP_RECVERR : IPV6_RECVERR, &on, sizeof on) != 0) {
        return "setsockopt(IP_RECVERR)";
    }
    if (setsockopt(fd, level, ip4 ? IP_TTL : IPV6_UNICAST_HOPS, &hops, sizeof hops) != 0) {
        return "setsockopt(IP_TTL)";
    }
    if (refuse_all(fd) != 0) {
        return "setsockopt(SO_ATTACH_FILTER)";
    }
    widen_send_buffer(fd, SEND_BUFFER);
    widen_receive_buffer(fd, ERROR_BUFFER);
    return udp_configure(fd, local);
}

/* Bound last: nothing comes in before it is refused. Returns -1 with errno and the failed step. */
static int open_sender(const union address *local, uint32_t port, int hops, const char **failed) {
    union address address = *local;
    if (address.any.sa_family == AF_INET) {
        address.ip4.sin_port = htons((uint16_t)port);
    } else {
        address.ip6.sin6_port = htons((uint16_t)port);
    }
    int fd = socket(local->any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    *failed = fd < 0 ? "socket" : set_options(fd, local, hops);
    if (*failed == NULL && bind(fd, &address.any, address_length(local)) != 0) {
        *failed = "bind";
    }
    if (*failed != NULL && fd >= 0) {
        int error = errno;
        close(fd);
        errno = error;
        return -1;
    }
    return fd;
}

static void close_all(struct udp_senders *senders, uint32_t count) {
    int error = errno;
    for (uint32_t i = 0; i < count; i++) {
        close(senders->fds[i]);
    }
    errno = error;
}

/* All of them from a port on, or none; errors of each are told by the epoll. */
static bool open_range(struct udp_senders *senders, const union address *local, int hops,
                       const char **failed) {
    for (uint32_t i = 0; i < senders->count; i++) {
        /* EPOLLERR needs no asking. */
        struct epoll_event event = {.events = 0};
        int fd = open_sender(local, senders->port + i, hops, failed);
        if (fd < 0) {
            close_all(senders, i);
            return false;
        }
        senders->fds[i] = event.data.fd = fd;
        if (epoll_ctl(senders->errors, EPOLL_CTL_ADD, fd, &event) != 0) {
            *failed = "epoll_ctl(EPOLL_CTL_ADD)";
            close_all(senders, i + 1);
            return false;
        }
    }
    return true;
}

/* From a random range on, so that two switches seldom try the same; the next while one is taken. */
static bool open_somewhere(struct udp_senders *senders, const union address *local, int hops,
                           const char **failed) {
    uint32_t ranges = PORTS / senders->count, start = 0;
    (void)!getrandom(&start, sizeof start, GRND_NONBLOCK);
    for (uint32_t i = 0; i < ranges; i++) {
        senders->port = FIRST_PORT + (start % ranges + i) % ranges * senders->count;
        if (open_range(senders, local, hops, failed)) {
            return true;
        }
        if (errno != EADDRINUSE) {
            return false;
        }
    }
    return false;
}

struct udp_senders *senders_open(const union address *local, uint32_t count, uint32_t hops,
                                 const char **failed) {
    struct udp_senders *senders = calloc(1, sizeof *senders + count * sizeof senders->fds[0]);
    if (senders == NULL) {
        *failed = "calloc";
        return NULL;
    }
    senders->holders = 1;
    senders->count = count;
    senders->errors = epoll_create1(EPOLL_CLOEXEC);
    *failed = "epoll_create1";
    if (senders->errors >= 0 && open_somewhere(senders, local, (int)hops, failed)) {
        return senders;
    }
    int error = errno;
    if (senders->errors >= 0) {
        close(senders->errors);
    }
    free(senders);
    errno = error;
    return NULL;
}

void senders_release(struct udp_senders *senders) {
    if (atomic_fetch_sub(&senders->holders, 1) > 1) {
        return;
    }
    close_all(senders, senders->count);
    close(senders->errors);
    free(senders);
}
