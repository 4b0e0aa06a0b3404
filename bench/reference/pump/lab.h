/* Network namespaces, packet sockets and interface counters: what all of pump stands on. */
#ifndef BENCH_PUMP_LAB_H
#define BENCH_PUMP_LAB_H

#include <stdbool.h>
#include <stdint.h>

/* An interface in a named network namespace. */
struct endpoint {
    const char *netns;
    const char *ifname;
};

/* Ends the program with `what`, where it happened and why (errno). */
_Noreturn void die(const char *what, const char *where);

/* Splits "NETNS/IFNAME" in place. */
struct endpoint parse_endpoint(char *text);

/* Moves this thread into the namespace of `ip netns`; what it opens from then on belongs there. */
void enter(const char *netns);

/* False while there is no such namespace (yet). */
bool try_enter(const char *netns);

/*
 * A raw packet socket on the interface, which must be in the present namespace; -1 while there is
 * no such interface. `protocol` (host order) is the EtherType it receives; 0: none. `mac` receives
 * the interface's 6 octets.
 */
int open_packet(const char *ifname, uint16_t protocol, uint8_t mac[6]);

/* Counters of an interface as the kernel has them. */
struct counters {
    uint64_t rx_frames;
    uint64_t tx_frames;
    uint64_t tx_dropped;
};

/* /proc/net/dev of the present namespace, to be read again and again from anywhere. */
int open_counters(void);
struct counters read_counters(int file, const char *ifname);

/* CLOCK_MONOTONIC in nanoseconds. */
uint64_t now_ns(void);

#endif
