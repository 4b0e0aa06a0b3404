/* UDP sockets for the underlay (udp(7), ip(7), ipv6(7)): opening, and what goes with them. */
#include "udp.h"

#include "abi.h"
#include "arguments.h"
#include "buffer.h"
#include "error.h"
#include "functions.h"
#include "namespace.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* linux/udp.h, which cannot be included beside netinet/udp.h; the latter may be older. */
#define LINUX_UDP_NO_CHECK6_RX 102 /* Linux 3.16 */
#define LINUX_UDP_GRO 104          /* Linux 5.0 */

#define RECEIVE_BUFFER (7 * 1024 * 1024)

/* A descriptor each. */
#define SENDERS_MAX 1024u

socklen_t address_length(const union address *address) {
    return address->any.sa_family == AF_INET ? sizeof address->ip4 : sizeof address->ip6;
}

union address make_address(const uint8_t *bytes, size_t length, uint32_t port) {
    union address address;
    memset(&address, 0, sizeof address);
    if (length == 4) {
        address.ip4.sin_family = AF_INET;
        address.ip4.sin_port = htons((uint16_t)port);
        memcpy(&address.ip4.sin_addr, bytes, 4);
    } else {
        address.ip6.sin6_family = AF_INET6;
        address.ip6.sin6_port = htons((uint16_t)port);
        memcpy(&address.ip6.sin6_addr, bytes, 16);
    }
    return address;
}

struct udp *udp_of(int fd) {
    return (struct udp *)state_of(fd, QUEUE_UDP);
}

struct udp *read_udp(napi_env env, int fd) {
    struct udp *udp = udp_of(fd);
    if (udp == NULL) {
        throw_errno_fd(env, EBADF, "udp", fd);
    }
    return udp;
}

/* What comes to an IPv4 address is none of an IPv6 socket's; a VTEP never fragments (RFC 7348 4.3).
 */
const char *udp_configure(int fd, const union address *local) {
    const int on = 1;
    if (local->any.sa_family == AF_INET) {
        const int ip4 = IP_PMTUDISC_DO;
        return setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &ip4, sizeof ip4) == 0
                   ? NULL
                   : "setsockopt(IP_MTU_DISCOVER)";
    }
    const int ip6 = IPV6_PMTUDISC_DO;
    if (setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) != 0) {
        return "setsockopt(IPV6_V6ONLY)";
    }
    if (setsockopt(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, &ip6, sizeof ip6) != 0) {
        return "setsockopt(IPV6_MTU_DISCOVER)";
    }
    return setsockopt(fd, IPPROTO_IPV6, IPV6_DONTFRAG, &on, sizeof on) == 0
               ? NULL
               : "setsockopt(IPV6_DONTFRAG)";
}

/* What is told beside every message. */
static const char *ask_for_headers(int fd, const struct udp *udp) {
    const int on = 1;
    bool ip4 = udp->version == 4;
    int level = ip4 ? IPPROTO_IP : IPPROTO_IPV6;
    if (setsockopt(fd, level, ip4 ? IP_RECVTOS : IPV6_RECVTCLASS, &on, sizeof on) != 0) {
        return "setsockopt(IP_RECVTOS)";
    }
    if (setsockopt(fd, level, ip4 ? IP_RECVTTL : IPV6_RECVHOPLIMIT, &on, sizeof on) != 0) {
        return "setsockopt(IP_RECVTTL)";
    }
    if (udp->wildcard &&
        setsockopt(fd, level, ip4 ? IP_PKTINFO : IPV6_RECVPKTINFO, &on, sizeof on) != 0) {
        return "setsockopt(IP_PKTINFO)";
    }
    return NULL;
}

/*
 * The first of several queues is bound as if it were alone, so that it meets whoever has the port;
 * only then it lets in others, which come with the option.
 */
static const char *bind_queue(int fd, const struct udp *udp, bool reuseport, bool first) {
    const int on = 1;
    if (!first && setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) != 0) {
        return "setsockopt(SO_REUSEPORT)";
    }
    if (bind(fd, &udp->local.any, address_length(&udp->local)) != 0) {
        return "bind";
    }
    if (first && reuseport && setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) != 0) {
        return "setsockopt(SO_REUSEPORT)";
    }
    return NULL;
}

static const char *prepare(int fd, const struct udp *udp) {
    const int on = 1;
    const char *failed = udp_configure(fd, &udp->local);
    if (failed == NULL) {
        failed = ask_for_headers(fd, udp);
    }
    if (failed != NULL) {
        return failed;
    }
    if (udp->version == 6 &&
        setsockopt(fd, IPPROTO_UDP, LINUX_UDP_NO_CHECK6_RX, &on, sizeof on) != 0) {
        return "setsockopt(UDP_NO_CHECK6_RX)";
    }
    /* A kernel that does not know it gives every datagram for itself. */
    (void)setsockopt(fd, IPPROTO_UDP, LINUX_UDP_GRO, &on, sizeof on);
    widen_receive_buffer(fd, RECEIVE_BUFFER);
    return NULL;
}

struct options {
    uint32_t count, ttl, reuseport, segments, share;
};

/* In the namespace. Returns the socket, or -1 with errno and the step that failed. */
static int open_queue(struct udp *udp, const struct options *options, const char **failed) {
    int fd = socket(udp->local.any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool first = udp->senders == NULL;
    *failed = fd < 0 ? "socket" : prepare(fd, udp);
    if (*failed == NULL) {
        *failed = bind_queue(fd, udp, options->reuseport != 0, first);
    }
    if (*failed == NULL && first) {
        udp->senders = senders_open(&udp->local, options->count, options->ttl, failed);
    }
    if (udp->senders == NULL || *failed != NULL) {
        int error = errno;
        if (fd >= 0) {
            close(fd);
        }
        errno = error;
        return -1;
    }
    udp->counters =
        open(udp->version == 4 ? "/proc/thread-self/net/snmp" : "/proc/thread-self/net/snmp6",
             O_RDONLY | O_CLOEXEC);
    return fd;
}

static void release(struct state *state) {
    struct udp *udp = (struct udp *)state;
    if (udp->senders != NULL) {
        senders_release(udp->senders);
    }
    if (udp->counters >= 0) {
        close(udp->counters);
    }
    free(udp);
}

static struct udp *make_udp(const union address *local, const struct options *options) {
    static const uint8_t nowhere[16];
    struct udp *udp = calloc(1, sizeof *udp);
    if (udp == NULL) {
        return NULL;
    }
    bool ip4 = local->any.sa_family == AF_INET;
    const void *bytes = ip4 ? (const void *)&local->ip4.sin_addr : &local->ip6.sin6_addr;
    udp->state = (struct state){QUEUE_UDP, release};
    udp->version = ip4 ? 4 : 6;
    udp->hops = options->ttl;
    udp->wildcard = memcmp(bytes, nowhere, ip4 ? 4 : 16) == 0;
    udp->segments = options->segments != 0;
    udp->local = *local;
    udp->counters = -1;
    struct udp *other = udp_of((int)options->share);
    if (other != NULL) {
        atomic_fetch_add(&other->senders->holders, 1);
        udp->senders = other->senders;
    }
    return udp;
}

static bool read_options(napi_env env, napi_value object, struct options *options) {
    *options = (struct options){64, 64, 0, 1, (uint32_t)-1};
    if (!read_option(env, object, "count", &options->count) ||
        !read_option(env, object, "ttl", &options->ttl) ||
        !read_option(env, object, "reuseport", &options->reuseport) ||
        !read_option(env, object, "segments", &options->segments) ||
        !read_option(env, object, "share", &options->share)) {
        return false;
    }
    if (options->count < 1 || options->count > SENDERS_MAX || options->ttl < 1 ||
        options->ttl > 255) {
        napi_throw_range_error(env, "ERR_OUT_OF_RANGE", "a count of 1 to 1024, a ttl of 1 to 255");
        return false;
    }
    return true;
}

static napi_value describe(napi_env env, int fd, const struct udp *udp) {
    napi_value result;
    napi_create_object(env, &result);
    set_number(env, result, "fd", fd);
    set_number(env, result, "errors", udp->senders->errors);
    set_number(env, result, "sourcePort", udp->senders->port);
    set_number(env, result, "sourcePorts", udp->senders->count);
    return result;
}

/*
 * udpOpen(namespaceFd, address, port, { count, ttl, reuseport, segments, share }): { fd, errors,
 * sourcePort, sourcePorts }. The queue receives at that address and port, and sends from `count`
 * source ports, `sourcePort` and up; `errors` is readable while one of those has an error. With
 * `reuseport` others may be opened at the same place, each with `share`: a queue that is there,
 * whose source ports it has too. Without `segments`, every datagram is given to the kernel alone.
 */
napi_value udp_open(napi_env env, napi_callback_info info) {
    napi_value arguments[4];
    uint32_t numbers[2];
    uint8_t *bytes;
    size_t length;
    struct options options;
    int own;
    read_arguments(env, info, 4, arguments);
    if (!read_numbers(env, arguments, 1, &numbers[0]) ||
        !read_bytes(env, arguments[1], &bytes, &length) ||
        !read_numbers(env, arguments + 2, 1, &numbers[1]) ||
        !read_options(env, arguments[3], &options)) {
        return NULL;
    }
    char device[INET6_ADDRSTRLEN + 16], text[INET6_ADDRSTRLEN] = "?";
    inet_ntop(length == 4 ? AF_INET : AF_INET6, bytes, text, sizeof text);
    snprintf(device, sizeof device, "%s port %u", text, numbers[1]);
    if ((length != 4 && length != 16) || numbers[1] < 1 || numbers[1] > 65535) {
        return throw_errno(env, EINVAL, "bind", device);
    }
    union address local = make_address(bytes, length, numbers[1]);
    struct udp *udp = make_udp(&local, &options);
    if (udp == NULL) {
        return throw_errno(env, ENOMEM, "calloc", device);
    }
    if (!namespace_enter(env, (int)numbers[0], &own)) {
        release(&udp->state);
        return NULL;
    }
    const char *failed;
    int fd = open_queue(udp, &options, &failed);
    namespace_leave(own);
    if (fd < 0 || !state_keep(fd, &udp->state)) {
        int error = errno;
        release(&udp->state);
        if (fd >= 0) {
            close(fd);
            failed = "socket";
        }
        return throw_errno(env, error, failed, device);
    }
    return describe(env, fd, udp);
}
