/* What a queue of kind UDP remembers: where it is bound, and the sockets that it sends by. */
#ifndef LINKSPAN_UDP_H
#define LINKSPAN_UDP_H

#include "state.h"

#include <netinet/in.h>
#include <node_api.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

union address {
    struct sockaddr any;
    struct sockaddr_in ip4;
    struct sockaddr_in6 ip6;
};

socklen_t address_length(const union address *address);

/* The address of 4 or 16 octets, with a port in host byte order. */
union address make_address(const uint8_t *bytes, size_t length, uint32_t port);

/*
 * Sockets on neighbouring source ports, which receive nothing but errors. Queues of one device
 * share them, so that a flow keeps its source port whichever worker sends it.
 */
struct udp_senders {
    _Atomic uint32_t holders;
    int errors; /* an epoll of them all, for errors */
    uint32_t port, count;
    int fds[];
};

struct udp {
    struct state state;
    uint32_t version;      /* 4 or 6 */
    uint32_t hops;         /* TTL or hop limit that the senders have */
    bool wildcard;         /* bound to no address: the kernel says to which one a datagram came */
    _Atomic bool segments; /* until the kernel refuses UDP_SEGMENT */
    union address local;
    int counters; /* of the namespace, /proc/net/snmp or snmp6; -1 where there are none */
    struct udp_senders *senders;
};

/* NULL where the descriptor is no such queue. */
struct udp *udp_of(int fd);

/* The same, having thrown EBADF. */
struct udp *read_udp(napi_env env, int fd);

/* Sets what every socket of a queue has. Returns the step that failed, or NULL. */
const char *udp_configure(int fd, const union address *local);

/* Opens senders in this thread's namespace. NULL with errno and the step that failed. */
struct udp_senders *senders_open(const union address *local, uint32_t count, uint32_t hops,
                                 const char **failed);
void senders_release(struct udp_senders *senders);

#endif
