/*
 * respond NETNS PORT, request NETNS ADDRESS PORT SECONDS: request and response, one at a time.
 *
 * A UDP datagram of 64 octets goes out and comes back; both sides wait in the kernel. The requester
 * prints how many went through and the percentiles of the time each took, in microseconds.
 */
#define _GNU_SOURCE
#include "commands.h"
#include "lab.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>

#define PAYLOAD 64
#define TRANSACTIONS_MAX 4000000
#define WARM_UP_NS 200000000u

static int open_udp(const char *netns) {
    enter(netns);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        die("socket", netns);
    }
    return fd;
}

static struct sockaddr_in address_of(const char *host, const char *port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
    if (inet_pton(AF_INET, host, &address.sin_addr) != 1) {
        errno = EINVAL;
        die("not an IPv4 address", host);
    }
    return address;
}

int respond(int count, char **arguments) {
    if (count != 2) {
        return 2;
    }
    int fd = open_udp(arguments[0]);
    struct sockaddr_in own = address_of("0.0.0.0", arguments[1]), peer;
    if (bind(fd, (struct sockaddr *)&own, sizeof own) != 0) {
        die("bind", arguments[1]);
    }
    printf("ready\n");
    fflush(stdout);
    for (;;) {
        char payload[PAYLOAD];
        socklen_t length = sizeof peer;
        ssize_t octets = recvfrom(fd, payload, PAYLOAD, 0, (struct sockaddr *)&peer, &length);
        if (octets > 0) {
            (void)!sendto(fd, payload, (size_t)octets, 0, (struct sockaddr *)&peer, length);
        }
    }
}

/* Nanoseconds of one transaction; 0 if the answer did not come within 200 ms. */
static uint64_t transact(int fd) {
    char payload[PAYLOAD] = {0};
    uint64_t start = now_ns();
    if (send(fd, payload, PAYLOAD, 0) != PAYLOAD || recv(fd, payload, PAYLOAD, 0) != PAYLOAD) {
        return 0;
    }
    return now_ns() - start;
}

static int ascending(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static double percentile(const uint32_t *sorted, size_t count, double share) {
    size_t index = (size_t)(share * (double)count);
    return sorted[index < count ? index : count - 1] / 1e3;
}

int request(int count, char **arguments) {
    static uint32_t times[TRANSACTIONS_MAX];
    if (count != 4) {
        return 2;
    }
    int fd = open_udp(arguments[0]);
    struct sockaddr_in peer = address_of(arguments[1], arguments[2]);
    struct timeval patience = {.tv_usec = 200000};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (connect(fd, (struct sockaddr *)&peer, sizeof peer) != 0) {
        die("connect", arguments[1]);
    }
    uint64_t warm = now_ns() + WARM_UP_NS;
    while (now_ns() < warm) {
        transact(fd);
    }
    uint64_t end = now_ns() + (uint64_t)(atof(arguments[3]) * 1e9);
    size_t done = 0, lost = 0;
    while (done < TRANSACTIONS_MAX && now_ns() < end) {
        uint64_t time = transact(fd);
        if (time == 0) {
            lost++;
        } else {
            times[done++] = (uint32_t)time;
        }
    }
    if (done == 0) {
        errno = ETIMEDOUT;
        die("no answer", arguments[1]);
    }
    qsort(times, done, sizeof times[0], ascending);
    printf("{\"transactions\": %zu, \"lost\": %zu, \"p50\": %.2f, \"p90\": %.2f, \"p99\": %.2f}\n",
           done, lost, percentile(times, done, 0.5), percentile(times, done, 0.9),
           percentile(times, done, 0.99));
    return 0;
}
